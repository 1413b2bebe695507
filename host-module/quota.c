// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a VM under a CPU quota (cpu.max)?
 *
 * Time kept is CPU time of the vCPU's thread: it would have the VM throttled
 * sooner, against the quota of the thread's cgroup or of one above it.
 *
 * The scheduler exports nothing that reads a quota. But each controller
 * describes its files to the cgroup core with a function that reads them, and
 * that of cpu.cfs_quota_us takes nothing but the group. The file is one of the
 * legacy hierarchy, the value is cpu.max', whichever hierarchy is mounted.
 * Where a kernel has no such file no quota is seen, and halts are decided as
 * if there were none.
 *
 * Read in Debian's 6.1 and 6.12: kernel/sched/core.c, kernel/cgroup/cgroup.c.
 */
#include <linux/cgroup.h>
#include <linux/string.h>

#include "compat.h"
#include "kvm.h"
#include "quota.h"

#define QUOTA_FILE	"cfs_quota_us"

static struct cftype *quota_file(const struct cgroup_subsys *controller)
{
	struct cftype *file = controller->legacy_cftypes;

	for (; file && *file->name; file++)
		if (!strcmp(file->name, QUOTA_FILE))
			return file->read_s64 ? file : NULL;
	return NULL;
}

/* A group keeps those above it until a grace period after its own end. */
static bool quota_limits(struct task_struct *task)
{
	struct cgroup_subsys_state *group = shint_cpu_group(task);
	struct cftype *file = group ? quota_file(group->ss) : NULL;

	if (!file)
		return false;
	for (; group; group = group->parent)
		if (file->read_s64(group, file) >= 0)
			return true;
	return false;
}

/**
 * shint_quota_in_force() - whether a quota bounds the CPU time of any vCPU
 * @kvm: the VM; the caller holds a reference
 *
 * Context: may sleep, on PREEMPT_RT; not for each halt, it looks at all vCPUs.
 */
bool shint_quota_in_force(struct kvm *kvm)
{
	return shint_kvm_any_thread(kvm, quota_limits);
}
