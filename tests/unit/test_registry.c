// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The registry: what is added is found, and readers may look while it changes.
 *
 * The stress is built twice, with AddressSanitizer and with ThreadSanitizer.
 * The latter does not see into liburcu, so what a grace period orders is told
 * to it here: all that a reader did before rcu_read_unlock() comes before the
 * return of a synchronize_rcu() that found it unlocked. All other order it has
 * to find itself. tests/unit/run checks that both do find a missing grace
 * period ("--no-grace-period"), and registries broken on purpose.
 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#include <linux/hash.h>

#include "registry.h"

#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#else
#define __tsan_acquire(addr)	((void)(addr))
#define __tsan_release(addr)	((void)(addr))
#endif

static bool no_grace_period;
static char grace;	/* its address stands for the order of grace periods */

static void reader_unlock(void)
{
	__tsan_release(&grace);
	rcu_read_unlock();
}

static void wait_for_readers(void)
{
	if (no_grace_period)
		return;
	synchronize_rcu();
	__tsan_acquire(&grace);
}

/* Stands for struct shint_vm; the key is in fact never looked into. */
struct object {
	u64 before;
	struct shint_entry entry;
	u64 after;
};

#define ALIVE	0x600d600d600d600dULL
#define DEAD	0xdeaddeaddeaddeadULL

static struct object *object_of(struct shint_entry *entry)
{
	return (struct object *)((char *)entry - offsetof(struct object, entry));
}

static struct object *object_new(const void *key)
{
	struct object *object = malloc(sizeof(*object));

	object->before = ALIVE;
	object->entry.key = key;
	object->after = ALIVE;
	return object;
}

static void object_free(struct object *object)
{
	object->before = DEAD;
	object->after = DEAD;
	free(object);
}

/* Keys are addresses; like those of struct kvm, but nothing lives there. */
static const void *key_of(unsigned long n)
{
	return (const void *)(0xffff888000000000UL + n * 0xa000);
}

static void test_add_find_del(void **state)
{
	struct shint_entry a = { .key = key_of(1) }, b = { .key = key_of(2) };

	rcu_read_lock();
	assert_null(shint_registry_find(key_of(1)));
	assert_int_equal(shint_registry_add(&a), 0);
	assert_ptr_equal(shint_registry_find(key_of(1)), &a);
	assert_null(shint_registry_find(key_of(2)));
	assert_null(shint_registry_find(NULL));
	assert_int_equal(shint_registry_add(&b), 0);
	assert_ptr_equal(shint_registry_find(key_of(1)), &a);
	assert_ptr_equal(shint_registry_find(key_of(2)), &b);
	shint_registry_del(&a);
	assert_null(shint_registry_find(key_of(1)));
	assert_ptr_equal(shint_registry_find(key_of(2)), &b);
	shint_registry_del(&b);
	assert_null(shint_registry_find(key_of(2)));
	/* and again */
	assert_int_equal(shint_registry_add(&a), 0);
	assert_ptr_equal(shint_registry_find(key_of(1)), &a);
	shint_registry_del(&a);
	rcu_read_unlock();
}

static void test_duplicate(void **state)
{
	struct shint_entry first = { .key = key_of(7) }, second = { .key = key_of(7) };

	rcu_read_lock();
	assert_int_equal(shint_registry_add(&first), 0);
	assert_int_equal(shint_registry_add(&second), -EBUSY);
	assert_int_equal(shint_registry_add(&first), -EBUSY);
	assert_ptr_equal(shint_registry_find(key_of(7)), &first);
	shint_registry_del(&first);
	assert_null(shint_registry_find(key_of(7)));
	assert_int_equal(shint_registry_add(&second), 0);
	assert_ptr_equal(shint_registry_find(key_of(7)), &second);
	shint_registry_del(&second);
	rcu_read_unlock();
}

#define MANY	10000

static void check_many(struct shint_entry *entries, unsigned int gone_modulo)
{
	unsigned int i;

	for (i = 0; i < MANY; i++) {
		bool gone = gone_modulo && !(i % gone_modulo);

		if (shint_registry_find(key_of(i)) != (gone ? NULL : &entries[i]))
			fail_msg("entry %u of %u", i, MANY);
	}
	assert_null(shint_registry_find(key_of(MANY)));
}

/* So many that each bucket holds several: in the middle of chains, too. */
static void test_many(void **state)
{
	struct shint_entry *entries = calloc(MANY, sizeof(*entries));
	unsigned int i;

	rcu_read_lock();
	for (i = 0; i < MANY; i++) {
		entries[i].key = key_of(i);
		assert_int_equal(shint_registry_add(&entries[i]), 0);
	}
	check_many(entries, 0);
	for (i = 0; i < MANY; i += 3)
		shint_registry_del(&entries[i]);
	check_many(entries, 3);
	for (i = 0; i < MANY; i += 3)
		assert_int_equal(shint_registry_add(&entries[i]), 0);
	check_many(entries, 0);
	for (i = MANY; i--;)
		shint_registry_del(&entries[i]);
	check_many(entries, 1);
	rcu_read_unlock();
	free(entries);
}

/*
 * The stress. Few keys, all in one bucket, so that readers and writers meet;
 * each writer has its own, and one beside that it must always find taken.
 * Threads only count what is wrong.
 */
#define WRITERS		2
#define READERS		2
#define KEYS		4
#define CYCLES		400
#define RESIDENT	(WRITERS * KEYS)

static atomic_uint writers_running, wrong, found, missed;
/* Else those that start first may be done before the others begin. */
static pthread_barrier_t all_there;
static const void *keys[WRITERS * KEYS + 1];

/* The same upper bits of the hash: the same bucket of a table of any size. */
static void find_keys(void)
{
	unsigned long n;
	size_t i = 0;

	for (n = 0; i < ARRAY_SIZE(keys); n++)
		if (!hash_ptr(key_of(n), 16))
			keys[i++] = key_of(n);
}

static void check_reader(unsigned int n)
{
	struct shint_entry *entry;
	struct object *object;

	rcu_read_lock();
	entry = shint_registry_find(keys[n]);
	if (entry) {
		object = object_of(entry);
		wrong += entry->key != keys[n];
		wrong += object->before != ALIVE || object->after != ALIVE;
		found += n != RESIDENT;
	} else {
		wrong += n == RESIDENT;
		missed++;
	}
	reader_unlock();
}

static void *reader(void *arg)
{
	u64 rnd = (uintptr_t)arg;

	rcu_register_thread();
	pthread_barrier_wait(&all_there);
	while (writers_running)
		check_reader(random_below(&rnd, ARRAY_SIZE(keys)));
	rcu_unregister_thread();
	return NULL;
}

static void *writer(void *arg)
{
	unsigned int first = (uintptr_t)arg * KEYS;
	struct object *objects[KEYS] = { NULL };
	struct object *twin = object_new(keys[RESIDENT]);
	unsigned int i, k;

	rcu_register_thread();
	pthread_barrier_wait(&all_there);
	for (i = 0; i < CYCLES; i++) {
		k = i * 7 % KEYS;
		objects[k] = object_new(keys[first + k]);
		wrong += shint_registry_add(&objects[k]->entry) != 0;
		wrong += shint_registry_add(&twin->entry) != -EBUSY;
		sched_yield();
		shint_registry_del(&objects[k]->entry);
		wait_for_readers();
		object_free(objects[k]);
	}
	object_free(twin);
	rcu_unregister_thread();
	writers_running--;
	return NULL;
}

static void test_stress(void **state)
{
	pthread_t threads[WRITERS + READERS];
	struct object *resident;
	uintptr_t i;

	find_keys();
	resident = object_new(keys[RESIDENT]);
	assert_int_equal(shint_registry_add(&resident->entry), 0);

	writers_running = WRITERS;
	assert_int_equal(pthread_barrier_init(&all_there, NULL, WRITERS + READERS), 0);
	for (i = 0; i < WRITERS + READERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, i < WRITERS ? writer : reader,
						(void *)i), 0);
	for (i = 0; i < WRITERS + READERS; i++)
		pthread_join(threads[i], NULL);

	pthread_barrier_destroy(&all_there);

	shint_registry_del(&resident->entry);
	wait_for_readers();
	object_free(resident);

	assert_int_equal(wrong, 0);
	/* The two sides did meet. */
	assert_in_range(found, 1, UINT32_MAX);
	assert_in_range(missed, 1, UINT32_MAX);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_add_find_del),
		cmocka_unit_test(test_duplicate),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_stress),
	};
	int failed;

	if (argc == 2 && !strcmp(argv[1], "--no-grace-period")) {
		no_grace_period = true;
	} else if (argc > 1) {
		fprintf(stderr, "usage: %s [--no-grace-period]\n", argv[0]);
		return 2;
	}
	rcu_register_thread();
	failed = cmocka_run_group_tests_name("registry", tests, NULL, NULL);
	rcu_unregister_thread();
	return failed;
}
