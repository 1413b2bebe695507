// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * sched-hint's parser of /proc/kvm-sched-hint, and the rates from two looks.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"
#include "counters.h"
#include "guest_name.h"
#include "rates.h"

#define VM	"vm 12-0 mode=hint features=0x1f halts=7 grants=3 kept_ns=18446744073709551615\n"
#define STATUS	"status 12-0 ok\n"
#define VCPU(id) "vcpu 12-0 " #id " publish_seq=48 halts=7 grants=3 kept_ns=4\n"

#define GOOD	VM STATUS VCPU(0) VCPU(3)						\
	"vm 13-1 mode=off halts=0\n"							\
	"status 13-1 off: mode is off\n"

static struct counters counters;
static struct counters_error error;

static int parse(const char *text)
{
	return counters_parse(text, strlen(text), &counters, &error);
}

static uint64_t number(const struct fields *fields, const char *key)
{
	const struct field *field = counters_field(fields, key);

	expect(field && field->is_number, "%s", key);
	return field->number;
}

static void test_good(void **state)
{
	const struct counters_vm *vm;

	assert_int_equal(parse(GOOD), 0);
	assert_int_equal(counters.nr_vms, 2);
	vm = &counters.vms[0];
	assert_string_equal(vm->name, "12-0");
	assert_string_equal(vm->status, "ok");
	assert_int_equal(vm->fields.nr, 5);
	assert_int_equal(vm->fields.first_counter, 2);
	assert_string_equal(counters_text(&vm->fields, "mode"), "hint");
	assert_string_equal(counters_text(&vm->fields, "none"), "?");
	assert_true(number(&vm->fields, "features") == 0x1f);
	assert_true(number(&vm->fields, "kept_ns") == UINT64_MAX);
	assert_false(counters_field(&vm->fields, "mode")->is_number);
	assert_null(counters_field(&vm->fields, "hal"));

	assert_int_equal(vm->nr_vcpus, 2);
	assert_int_equal(vm->vcpus[1].id, 3);
	assert_int_equal(vm->vcpus[1].fields.first_counter, 1);
	assert_true(number(&vm->vcpus[1].fields, "kept_ns") == 4);

	assert_string_equal(counters.vms[1].status, "off: mode is off");
	assert_int_equal(counters.vms[1].nr_vcpus, 0);
	counters_free(&counters);
}

static void test_empty(void **state)
{
	assert_int_equal(parse(""), 0);
	assert_int_equal(counters.nr_vms, 0);
	counters_free(&counters);
}

/* What a newer module might say is let pass. */
static void test_newer(void **state)
{
	assert_int_equal(parse("host pressure=3\n" VM "peer 12-0 0 1\n" STATUS
			       "vcpu 12-0 0 peer=1/2 halts=1 keep_magic=9\n"), 0);
	assert_int_equal(counters.nr_unknown, 2);
	assert_string_equal(counters_text(&counters.vms[0].vcpus[0].fields, "peer"), "1/2");
	assert_true(number(&counters.vms[0].vcpus[0].fields, "keep_magic") == 9);
	counters_free(&counters);
}

static const struct bad {
	const char *text;
	size_t line;
	const char *what;
} bad[] = {
	{ "vm 12-0 halts=1", 1, "the last line is cut off" },
	{ VM STATUS "vcpu 12-0 0 halts=1 gra", 3, "the last line is cut off" },
	{ VM, 1, "a VM without a status" },
	{ VM "\n" STATUS, 2, "an empty line" },
	{ "vm\n", 1, "a VM without a name" },
	{ "vm halts=1\n", 1, "a VM without a name" },
	{ "vm 12-0 halts=1 7\n", 1, "a word that is not key=value" },
	{ "vm 12-0 halts=1 =7\n", 1, "a word that is not key=value" },
	{ "vm 12-0 mode=hint\n", 1, "no counters (halts=...)" },
	{ "vm 12-0 halts=\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=1 grants=-1\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=1 grants=+1\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=1 grants=1x\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=1 grants=0x\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=18446744073709551616\n", 1, "a counter that is not a number" },
	{ "vm 12-0 halts=1 halts=1\n", 1, "a key twice" },
	{ STATUS, 1, "a status that does not follow its VM" },
	{ VM "status 12-1 ok\n", 2, "a status that does not follow its VM" },
	{ VM "status\n", 2, "a status that does not follow its VM" },
	{ VM "status 12-0\n", 2, "a status without words" },
	{ VM STATUS STATUS, 3, "a second status" },
	{ VCPU(0), 1, "a vCPU that does not follow its VM" },
	{ VM STATUS "vcpu 13-0 0 halts=1\n", 3, "a vCPU that does not follow its VM" },
	{ VM STATUS "vcpu 12-0\n", 3, "a vCPU without an id" },
	{ VM STATUS "vcpu 12-0 x halts=1\n", 3, "a vCPU without an id" },
	{ VM STATUS "vcpu 12-0 4294967296 halts=1\n", 3, "a vCPU without an id" },
	{ VM STATUS VCPU(1) VCPU(1), 4, "vCPU ids that do not rise" },
	{ VM STATUS VCPU(1) VCPU(0), 4, "vCPU ids that do not rise" },
};

static void test_bad(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		int ret = parse(bad[i].text);

		expect(ret == -EINVAL, "%zu (%s): %d", i, bad[i].text, ret);
		expect(error.line == bad[i].line && !strcmp(error.what, bad[i].what),
		       "%zu: line %zu, %s; expected line %zu, %s", i, error.line, error.what,
		       bad[i].line, bad[i].what);
		expect(!counters.text && !counters.vms, "%zu: something is left", i);
	}
	assert_int_equal(counters_parse(VM "\0" STATUS, sizeof(VM STATUS), &counters, &error),
			 -EINVAL);
	assert_string_equal(error.what, "a NUL byte");
}

/* Every beginning of a good text is refused, but for those that end with a whole VM. */
static void test_cut_off(void **state)
{
	size_t len, whole = 0;

	for (len = 0; len <= strlen(GOOD); len++) {
		char *text = malloc(len);

		memcpy(text, GOOD, len);
		if (!counters_parse(text, len, &counters, &error)) {
			expect(!len || text[len - 1] == '\n', "cut at %zu", len);
			counters_free(&counters);
			whole++;
		}
		free(text);
	}
	/* nothing, the first VM with no, one and two vCPUs, and all of it */
	assert_int_equal(whole, 5);
}

/* What must hold of every text that is let pass. */
static void check_invariants(void)
{
	size_t i, j, k;

	for (i = 0; i < counters.nr_vms; i++) {
		const struct counters_vm *vm = &counters.vms[i];

		assert_true(*vm->name && *vm->status);
		for (j = 0; j < vm->nr_vcpus; j++) {
			const struct fields *fields = &vm->vcpus[j].fields;

			assert_true(!j || vm->vcpus[j].id > vm->vcpus[j - 1].id);
			assert_true(fields->first_counter < fields->nr);
			for (k = 0; k < fields->nr; k++) {
				assert_true(*fields->list[k].key);
				assert_true(k < fields->first_counter ||
					    fields->list[k].is_number);
			}
		}
	}
}

/* One to eight changes: bytes, preferably those that mean something, and moved pieces. */
static size_t damage(char *text, size_t len, u64 *seed)
{
	static const char telling[] = " =\n\n0129xv-sh\0\xff";
	int changes = 1 + random_below(seed, 8);

	while (changes--) {
		size_t at = random_below(seed, len), piece = 1 + random_below(seed, 40);
		size_t to = random_below(seed, len);

		piece = at + piece > len ? len - at : piece;
		piece = to + piece > len ? len - to : piece;
		switch (random_below(seed, 4)) {
		case 0:
			text[at] = random_u64(seed);
			break;
		case 1:
			text[at] = telling[random_below(seed, sizeof(telling) - 1)];
			break;
		case 2:
			memmove(text + to, text + at, piece);
			break;
		default:
			memmove(text + at, text + at + piece, len - at - piece);
			len -= piece;
		}
		if (!len)
			return 0;
	}
	return len;
}

static void test_damaged(void **state)
{
	int i, passed = 0;
	u64 seed = 7;

	for (i = 0; i < 200000; i++) {
		/* A block of its own, so that a byte too many is noticed. */
		char *text = malloc(strlen(GOOD));
		size_t len;

		memcpy(text, GOOD, strlen(GOOD));
		len = damage(text, strlen(GOOD), &seed);
		if (!counters_parse(text, len, &counters, &error)) {
			struct rates rates;

			check_invariants();
			if (counters.nr_vms > 1 &&
			    !rates_of(&counters.vms[0].fields, &counters.vms[1].fields, 1, &rates))
				rates_free(&rates);
			counters_free(&counters);
			passed++;
		} else {
			expect(error.what && !counters.vms, "change %d", i);
		}
		free(text);
	}
	/* Some changes hit a value, most hit the form. */
	assert_in_range(passed, 2000, 150000);
}

static void test_noise(void **state)
{
	u64 seed = 11;
	int i, j;

	for (i = 0; i < 50000; i++) {
		size_t len = random_below(&seed, 200);
		char *text = malloc(len + 1);

		for (j = 0; j < (int)len; j++)
			text[j] = random_below(&seed, 3) ?
				  (u8)" vm=0s\n1-cpu"[random_below(&seed, 12)] :
				  random_u64(&seed);
		if (!counters_parse(text, len, &counters, &error)) {
			check_invariants();
			counters_free(&counters);
		}
		free(text);
	}
}

/* Many of each: the lists grow. */
static void test_many(void **state)
{
	size_t len = 0, room = 1 << 20;
	char *text = malloc(room);
	int vm, vcpu;

	for (vm = 0; vm < 100; vm++) {
		len += snprintf(text + len, room - len, "vm 9-%d halts=1\nstatus 9-%d ok\n", vm, vm);
		for (vcpu = 0; vcpu < 255; vcpu++)
			len += snprintf(text + len, room - len, "vcpu 9-%d %d halts=%d\n", vm, vcpu,
					vcpu);
	}
	assert_true(len < room);
	assert_int_equal(counters_parse(text, len, &counters, &error), 0);
	assert_int_equal(counters.nr_vms, 100);
	assert_int_equal(counters.vms[99].nr_vcpus, 255);
	assert_true(number(&counters.vms[99].vcpus[254].fields, "halts") == 254);
	assert_string_equal(rates_same_vm(&counters, "9-3", 98)->name, "9-3");
	assert_null(rates_same_vm(&counters, "9-100", 0));
	assert_ptr_equal(rates_same_vcpu(&counters.vms[7], 200), &counters.vms[7].vcpus[200].fields);
	assert_null(rates_same_vcpu(&counters.vms[7], 255));
	counters_free(&counters);
	free(text);
}

/* The rates between two lines, two seconds apart. */
static void rates_between(const char *before, const char *now, struct rates *rates)
{
	static struct counters first, second;

	counters_free(&first);
	counters_free(&second);
	if (before) {
		assert_int_equal(parse(before), 0);
		first = counters;
	}
	assert_int_equal(parse(now), 0);
	second = counters;
	assert_int_equal(rates_of(before ? &first.vms[0].fields : NULL, &second.vms[0].fields, 2,
				  rates), 0);
	counters = (struct counters){ 0 };
}

#define LINE(text)	"vm 1-0 " text "\nstatus 1-0 ok\n"

static void test_rates(void **state)
{
	const struct rate *reasons[2];
	struct rates rates;

	rates_between(LINE("wake_cost_ns=9 halts=10 stock_off=1 stock_stale=5 stock_budget=0 keep_gap=1"),
		      LINE("wake_cost_ns=1 halts=30 stock_off=2 stock_stale=9 stock_budget=6 keep_gap=9"),
		      &rates);
	assert_true(rates.known);
	assert_int_equal(rates.nr, 5);
	assert_true(rates_get(&rates, "halts") == 10);
	assert_true(rates_get(&rates, "wake_cost_ns") == 0);
	assert_true(rates_get(&rates, "nothing") == 0);
	assert_int_equal(rates_stock(&rates, reasons, 2), 2);
	assert_string_equal(reasons[0]->key, "stock_budget");
	assert_string_equal(reasons[1]->key, "stock_stale");
	rates_free(&rates);

	/* keys that moved, and one more before them */
	rates_between(LINE("halts=10 grants=5"), LINE("new=1 halts=12 kept_ns=0 grants=9"), &rates);
	assert_false(rates.known);
	rates_free(&rates);
	rates_between(LINE("halts=10 kept_ns=1 grants=5"), LINE("new=1 halts=12 grants=9"), &rates);
	assert_true(rates.known);
	assert_true(rates_get(&rates, "grants") == 2);
	rates_free(&rates);
}

static void test_rates_unknown(void **state)
{
	const struct rate *reasons[2];
	struct rates rates;

	rates_between(NULL, LINE("halts=10 stock_off=3"), &rates);
	assert_false(rates.known);
	assert_true(rates_get(&rates, "halts") == 0);
	assert_int_equal(rates_stock(&rates, reasons, 2), 0);
	rates_free(&rates);

	/* the module was loaded anew: nothing, not even what happens to have grown */
	rates_between(LINE("halts=10 grants=3"), LINE("halts=12 grants=2"), &rates);
	assert_false(rates.known);
	assert_true(rates_get(&rates, "halts") == 0);
	rates_free(&rates);
	rates_between(LINE("halts=1"), LINE("halts=1"), &rates);
	rates_free(&rates);
}

static const struct {
	const char *cmdline;
	size_t len;
	const char *name;
} names[] = {
#define CMDLINE(text) text, sizeof(text)
	{ CMDLINE("qemu\0-name\0web"), "web" },
	{ CMDLINE("qemu\0-name\0guest=web,debug-threads=on\0-m\0001"), "web" },
	{ CMDLINE("qemu\0-name\0web,process=x"), "web" },
	{ CMDLINE("qemu\0-name\0debug-threads=on,guest=web"), "web" },
	{ CMDLINE("qemu\0-name\0debug-threads=on"), "" },
	{ CMDLINE("qemu\0-name\0process=guest=x,guest=web,process=y"), "web" },
	{ CMDLINE("qemu\0-m\0001"), "" },
	{ CMDLINE("qemu\0-name"), "" },
	{ CMDLINE("qemu\0-name\0"), "" },
	{ "", 0, "" },
	{ CMDLINE("qemu\0--name\0guest=web"), "web" },
	{ CMDLINE("qemu\0-name\0guest=a,,guest=b,debug-threads=on"), "a,guest=b" },
	{ CMDLINE("qemu\0-name\0a,,,,,guest=b"), "b" },
	{ CMDLINE("qemu\0-name\0a,,"), "a," },
	{ CMDLINE("qemu\0-name\0a\033[2Jb c\xff"), "a\033[2Jb c\xff" },
	{ CMDLINE("q\0-name\0" "0123456789012345678901234567890123456789"),
	  "0123456789012345678901234567890123456789" },
};

static void test_guest_names(void **state)
{
	char name[GUEST_NAME_LEN];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		guest_name_parse(name, names[i].cmdline, names[i].len);
		expect(!strcmp(name, names[i].name), "%zu: '%s', expected '%s'", i, name,
		       names[i].name);
	}
}

/* Whoever starts a VM writes no escape sequence to an operator's terminal. */
static void test_shown_names(void **state)
{
	char shown[GUEST_NAME_SHOWN_LEN];

	guest_name_show(shown, "web-1");
	assert_string_equal(shown, "web-1");
	guest_name_show(shown, "a\033[2Jb c\xff");
	assert_string_equal(shown, "a?[2Jb?c?");
	guest_name_show(shown, "0123456789012345678901234567890123456789");
	assert_string_equal(shown, "0123456789012345678901234567890");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_newer),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_cut_off),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_rates),
		cmocka_unit_test(test_rates_unknown),
		cmocka_unit_test(test_guest_names),
		cmocka_unit_test(test_shown_names),
	};

	return cmocka_run_group_tests_name("counters", tests, NULL, NULL);
}
