// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Parser of /proc/kvm-sched-hint; docs/counters.md has the format. What a newer
 * module may add (kinds of lines, keys) is let pass, what it would never print
 * is refused: a line that is cut off must not pass for a small number.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "counters.h"

/* Where the parser is: lines and words are cut off the text with NULs. */
struct cursor {
	char *at;
	size_t line;
	struct counters *counters;
	struct counters_error *error;
};

static int refuse(struct cursor *cursor, const char *what)
{
	cursor->error->line = cursor->line;
	cursor->error->what = what;
	return -EINVAL;
}

static int no_memory(struct cursor *cursor)
{
	cursor->error->line = 0;
	cursor->error->what = "out of memory";
	return -ENOMEM;
}

/* Room for one more; doubled at each power of two. */
static void *grow(void *list, size_t nr, size_t size)
{
	if (nr & (nr - 1))
		return list;
	return reallocarray(list, nr ? 2 * nr : 1, size);
}

/* The next word of a line, which ends at a NUL; NULL at its end. */
static char *next_word(char **at)
{
	char *word = *at + strspn(*at, " ");
	char *end = word + strcspn(word, " ");

	*at = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

static bool to_number(const char *text, uint64_t *number)
{
	int base = strncmp(text, "0x", 2) ? 10 : 16;
	const char *digits = base == 16 ? text + 2 : text;
	char *end;

	if (!*digits || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") !=
	    strlen(digits))
		return false;
	errno = 0;
	*number = strtoull(digits, &end, base);
	return !errno;
}

static int parse_field(struct cursor *cursor, char *word, struct fields *fields)
{
	char *equals = strchr(word, '=');
	struct field *field;
	void *list;

	if (!equals || equals == word)
		return refuse(cursor, "a word that is not key=value");
	*equals = '\0';
	if (counters_field(fields, word))
		return refuse(cursor, "a key twice");

	list = grow(fields->list, fields->nr, sizeof(*fields->list));
	if (!list)
		return no_memory(cursor);
	fields->list = list;
	field = &fields->list[fields->nr++];
	field->key = word;
	field->value = equals + 1;
	field->number = 0;
	field->is_number = to_number(field->value, &field->number);
	return 0;
}

/* All of a line's fields; it must have counters, and these must be numbers. */
static int parse_fields(struct cursor *cursor, char *at, struct fields *fields)
{
	const struct field *halts;
	char *word;
	size_t i;
	int ret;

	while ((word = next_word(&at))) {
		ret = parse_field(cursor, word, fields);
		if (ret)
			return ret;
	}
	halts = counters_field(fields, "halts");
	if (!halts)
		return refuse(cursor, "no counters (halts=...)");
	fields->first_counter = halts - fields->list;
	for (i = fields->first_counter; i < fields->nr; i++)
		if (!fields->list[i].is_number)
			return refuse(cursor, "a counter that is not a number");
	return 0;
}

static int parse_vm(struct cursor *cursor, char *at)
{
	struct counters *counters = cursor->counters;
	char *name = next_word(&at);
	struct counters_vm *vm;
	void *vms;

	if (!name || strchr(name, '='))
		return refuse(cursor, "a VM without a name");
	vms = grow(counters->vms, counters->nr_vms, sizeof(*counters->vms));
	if (!vms)
		return no_memory(cursor);
	counters->vms = vms;
	vm = &counters->vms[counters->nr_vms++];
	*vm = (struct counters_vm){ .name = name };
	return parse_fields(cursor, at, &vm->fields);
}

/* The VM that the lines after its own belong to, if @name is that. */
static struct counters_vm *same_vm(struct cursor *cursor, const char *name)
{
	struct counters *counters = cursor->counters;
	struct counters_vm *vm;

	if (!counters->nr_vms || !name)
		return NULL;
	vm = &counters->vms[counters->nr_vms - 1];
	return strcmp(vm->name, name) ? NULL : vm;
}

static int parse_status(struct cursor *cursor, char *at)
{
	struct counters_vm *vm = same_vm(cursor, next_word(&at));

	if (!vm)
		return refuse(cursor, "a status that does not follow its VM");
	if (vm->status)
		return refuse(cursor, "a second status");
	if (!*at)
		return refuse(cursor, "a status without words");
	vm->status = at;
	return 0;
}

static int parse_vcpu(struct cursor *cursor, char *at)
{
	struct counters_vm *vm = same_vm(cursor, next_word(&at));
	struct counters_vcpu *vcpu;
	uint64_t id;
	char *word;
	void *vcpus;

	if (!vm)
		return refuse(cursor, "a vCPU that does not follow its VM");
	word = next_word(&at);
	if (!word || !to_number(word, &id) || id > INT32_MAX)
		return refuse(cursor, "a vCPU without an id");
	if (vm->nr_vcpus && id <= vm->vcpus[vm->nr_vcpus - 1].id)
		return refuse(cursor, "vCPU ids that do not rise");

	vcpus = grow(vm->vcpus, vm->nr_vcpus, sizeof(*vm->vcpus));
	if (!vcpus)
		return no_memory(cursor);
	vm->vcpus = vcpus;
	vcpu = &vm->vcpus[vm->nr_vcpus++];
	*vcpu = (struct counters_vcpu){ .id = id };
	return parse_fields(cursor, at, &vcpu->fields);
}

static int parse_line(struct cursor *cursor, char *line)
{
	char *kind = next_word(&line);

	if (!kind)
		return refuse(cursor, "an empty line");
	if (!strcmp(kind, "vm"))
		return parse_vm(cursor, line);
	if (!strcmp(kind, "status"))
		return parse_status(cursor, line);
	if (!strcmp(kind, "vcpu"))
		return parse_vcpu(cursor, line);
	cursor->counters->nr_unknown++;
	return 0;
}

static int parse_lines(struct cursor *cursor)
{
	size_t i;
	int ret;

	while (*cursor->at) {
		char *line = cursor->at, *end = strchr(line, '\n');

		cursor->line++;
		if (!end)
			return refuse(cursor, "the last line is cut off");
		*end = '\0';
		cursor->at = end + 1;
		ret = parse_line(cursor, line);
		if (ret)
			return ret;
	}
	for (i = 0; i < cursor->counters->nr_vms; i++)
		if (!cursor->counters->vms[i].status)
			return refuse(cursor, "a VM without a status");
	return 0;
}

/**
 * counters_parse() - take the text of /proc/kvm-sched-hint apart
 * @text: all of it; an empty one means that no VM is attached
 * @len: its length
 * @counters: out; for counters_free() if the text was good, else empty
 * @error: out: why it was not
 *
 * Return: 0, -EINVAL or -ENOMEM.
 */
int counters_parse(const char *text, size_t len, struct counters *counters,
		   struct counters_error *error)
{
	struct cursor cursor = { .counters = counters, .error = error };
	int ret;

	*counters = (struct counters){ 0 };
	*error = (struct counters_error){ 0 };
	if (memchr(text, '\0', len))
		return refuse(&cursor, "a NUL byte");
	counters->text = malloc(len + 1);
	if (!counters->text)
		return no_memory(&cursor);
	memcpy(counters->text, text, len);
	counters->text[len] = '\0';

	cursor.at = counters->text;
	ret = parse_lines(&cursor);
	if (ret)
		counters_free(counters);
	return ret;
}

/**
 * counters_free() - give back what counters_parse() took
 * @counters: empty afterwards
 */
void counters_free(struct counters *counters)
{
	size_t i, j;

	for (i = 0; i < counters->nr_vms; i++) {
		for (j = 0; j < counters->vms[i].nr_vcpus; j++)
			free(counters->vms[i].vcpus[j].fields.list);
		free(counters->vms[i].vcpus);
		free(counters->vms[i].fields.list);
	}
	free(counters->vms);
	free(counters->text);
	*counters = (struct counters){ 0 };
}

/**
 * counters_field() - look a key up
 * @fields: a line's
 * @key: which
 *
 * Return: the field, or NULL.
 */
const struct field *counters_field(const struct fields *fields, const char *key)
{
	size_t i;

	for (i = 0; i < fields->nr; i++)
		if (!strcmp(fields->list[i].key, key))
			return &fields->list[i];
	return NULL;
}

/**
 * counters_text() - a key's value as it stands there
 * @fields: a line's
 * @key: which
 *
 * Return: the value, or "?".
 */
const char *counters_text(const struct fields *fields, const char *key)
{
	const struct field *field = counters_field(fields, key);

	return field ? field->value : "?";
}
