/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kernel gives the product's files that touch no kernel state, in
 * user space, so that they are compiled unchanged: every kernel header they
 * include leads here (the Makefile makes those). At most 150 lines, which
 * tests/unit/run counts.
 *
 * What is declared and not defined is the test's: its fakes.
 */
#ifndef SHIM_H
#define SHIM_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <linux/types.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <urcu.h>
#include <urcu-pointer.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s64 s64;
typedef u64 phys_addr_t;

#define __user
#define U32_MAX			UINT32_MAX
#define BIT(nr)			(1UL << (nr))
#define BIT_ULL(nr)		(1ULL << (nr))
#define READ_ONCE(x)		CMM_ACCESS_ONCE(x)
#define WRITE_ONCE(x, v)	(CMM_ACCESS_ONCE(x) = (v))
#define BUILD_BUG_ON(cond)	_Static_assert(!(cond), #cond)
#define cpu_to_le64(x)		htole64(x)
#define le64_to_cpu(x)		le64toh(x)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define clamp_t(type, v, low, high)	((type)max((type)(low), min_t(type, v, high)))
#define fls64(x)		((x) ? 64 - __builtin_clzll(x) : 0)
#define __fls(x)		((unsigned long)__builtin_clzll(x) ^ 63)
#define __ffs64(x)		((unsigned int)__builtin_ctzll(x))

/* uaccess: the test is the user. */
long copy_from_user_nofault(void *dst, const void __user *src, size_t size);

static inline u32 hash_ptr(const void *ptr, unsigned int bits)
{
	return (u64)(uintptr_t)ptr * 0x61c8864680b583ebULL >> (64 - bits);
}

struct mutex {
	pthread_mutex_t lock;
};

#define DEFINE_MUTEX(name)	struct mutex name = { PTHREAD_MUTEX_INITIALIZER }
#define mutex_lock(mutex)	pthread_mutex_lock(&(mutex)->lock)
#define mutex_unlock(mutex)	pthread_mutex_unlock(&(mutex)->lock)

/*
 * rculist is liburcu's. Its accessors become the compiler's atomics, as in
 * later versions of it, because ThreadSanitizer understands only those.
 */
#undef rcu_assign_pointer
#undef rcu_dereference
#undef CMM_STORE_SHARED
#define rcu_assign_pointer(p, v)	__atomic_store_n(&(p), v, __ATOMIC_RELEASE)
#define rcu_dereference(p)		__atomic_load_n(&(p), __ATOMIC_CONSUME)
#define CMM_STORE_SHARED(x, v)		__atomic_store_n(&(x), v, __ATOMIC_RELAXED)

#include <urcu/rcuhlist.h>

#define hlist_head			cds_hlist_head
#define hlist_node			cds_hlist_node
#define hlist_add_head_rcu		cds_hlist_add_head_rcu
#define hlist_del_rcu			cds_hlist_del_rcu
#define hlist_for_each_entry		cds_hlist_for_each_entry_2
#define hlist_for_each_entry_rcu	cds_hlist_for_each_entry_rcu_2

/* Of the guest driver: pages, CPUs, the clock, and types it only mentions. */
#define PAGE_SIZE	4096UL
#define GFP_KERNEL	0
#define __GFP_ZERO	1

static inline void *alloc_pages_exact(size_t size, int gfp)
{
	void *pages = aligned_alloc(PAGE_SIZE, (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1));

	return pages ? memset(pages, gfp & __GFP_ZERO ? 0 : 0xa5, size) : NULL;
}

#define free_pages_exact(pages, size)	((void)(size), free(pages))
#define virt_to_phys(p)			((phys_addr_t)(uintptr_t)(p))

static inline ssize_t memory_read_from_buffer(void *to, size_t count, loff_t *pos,
					      const void *from, size_t size)
{
	if (*pos >= (loff_t)size || !count)
		return 0;
	count = count < size - *pos ? count : size - *pos;
	memcpy(to, (const char *)from + *pos, count);
	return count;
}

#define SHIM_NR_CPUS	4
extern unsigned int shim_cpu;	/* the one that runs */

#define DECLARE_PER_CPU(type, name)	extern __typeof__(type) name[SHIM_NR_CPUS]
#define DEFINE_PER_CPU(type, name)	__typeof__(type) name[SHIM_NR_CPUS]
#define this_cpu_read(name)		((name)[shim_cpu])
#define this_cpu_write(name, v)		((name)[shim_cpu] = (v))

u32 cpu_physical_id(unsigned int cpu);
u64 rdtsc(void);
void shim_warn(const char *fmt, ...);
#define pr_warn_once	shim_warn

/* Tells the test what memory is like just before. */
void shim_before_release(const void *p);

static inline void shim_store_release(__le64 *p, __le64 v)
{
	shim_before_release(p);
	__atomic_store_n(p, v, __ATOMIC_RELEASE);
}

/* Orders as the kernel's does. */
#define smp_store_release	shim_store_release

struct completion {
	int done;
};

struct work_struct {
	int pending;
};

#endif /* SHIM_H */
