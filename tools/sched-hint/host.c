// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The host's side of `status`: the module, its node, and each attached VM. Reads
 * only what everybody may read.
 */
#include <stdio.h>
#include <string.h>

#include "guest_name.h"
#include "status.h"

#define SET_MODE	"echo hint >" MODULE "/parameters/mode, or the VM's own mode file"

/* By a status' first word. */
static const struct {
	const char *word;
	const char *remedy;
} host_remedies[] = {
	{ "off", SET_MODE },
	{ "observe", SET_MODE },
	{ "draining", "echo 0 >" NODE_SYSFS "/drain" },
	{ "detached", "QEMU has let go of the VM; see QEMU's log" },
	{ "disarmed", "sysctl kernel.ftrace_enabled=1; echo 1 >/sys/kernel/debug/kprobes/enabled" },
	{ "quota",
	  "nothing, or set cpu.max of the VM's cgroup, its vCPUs' and those above to max" },
	{ "ceiling", "do not set KVM_CAP_HALT_POLL for this VM, or not so low" },
	{ "no-poll", "load virtio_sched_hint in the guest, or unload cpuidle-haltpoll there" },
	{ "no-halts",
	  "wait until the guest is idle; else no cpu-pm=on, kernel-irqchip=off or idle=poll" },
	{ "contended", "nothing, or give the VM's vCPUs pCPUs with fewer other tasks" },
	{ "nested", "nothing, it is the guests in this guest that halt; leave out its device" },
	{ "no-publisher", "sched-hint status in the guest tells more" },
	{ "budget",
	  "it works, up to its limit; raise the VM's budget_percent if that is too little" },
};

static const char *host_remedy(const char *status)
{
	size_t i, len = strcspn(status, ": ");

	for (i = 0; i < ARRAY_SIZE(host_remedies); i++)
		if (strlen(host_remedies[i].word) == len &&
		    !strncmp(status, host_remedies[i].word, len))
			return host_remedies[i].remedy;
	return "see docs/operating.md";
}

/**
 * host_no_vm_remedy() - what to do if no VM is attached
 * @remedy: out
 * @len: its room
 */
void host_no_vm_remedy(char *remedy, size_t len)
{
	char rights[LINE_MAX_LEN];

	file_rights(rights, NODE);
	snprintf(remedy, len,
		 "start QEMU with -device virtio-sched-hint-pci, as a user who may open " NODE
		 " (%s), and load virtio_sched_hint in the guest; QEMU's monitor tells more (info sched-hint)",
		 rights);
}

/* The mode in force: the VM's own, or the parameter. */
static void vm_mode(char mode[LINE_MAX_LEN], const char *vm)
{
	if (!file_line(mode, NODE_SYSFS "/vms/%s/mode", vm) || !strcmp(mode, "default"))
		file_line(mode, MODULE "/parameters/mode");
}

static void check_vm(struct report *report, const char *vm)
{
	char status[LINE_MAX_LEN], mode[LINE_MAX_LEN], guest[GUEST_NAME_LEN];
	char about[LINE_MAX_LEN], shown[GUEST_NAME_SHOWN_LEN];

	guest_name_of_vm(guest, vm);
	guest_name_show(shown, guest);
	snprintf(about, sizeof(about), "VM %.32s%s%s%s", vm, *shown ? " (" : "", shown,
		 *shown ? ")" : "");
	vm_mode(mode, vm);
	if (!file_line(status, NODE_SYSFS "/vms/%s/status", vm) || !*status)
		report_failure(report, about, "run this again", "gone while we looked");
	else if (strcmp(status, "ok"))
		report_failure(report, about, host_remedy(status), "%s", status);
	else
		report_ok(report, about, "ok, mode %s", mode);
}

static void check_vms(struct report *report)
{
	char remedy[2 * LINE_MAX_LEN];
	size_t i, nr, vms = 0;
	char **names;

	nr = file_list(&names, NODE_SYSFS "/vms");
	for (i = 0; i < nr; i++) {
		if (!file_is_folder(NODE_SYSFS "/vms/%s", names[i]))
			continue;
		vms++;
		check_vm(report, names[i]);
	}
	file_list_free(names, nr);
	if (!vms) {
		host_no_vm_remedy(remedy, sizeof(remedy));
		report_failure(report, "", remedy, "no VM is attached");
	}
}

/**
 * host_is_one() - whether this machine is a KVM host
 *
 * A guest that could have guests itself is a host only once the module is loaded.
 */
bool host_is_one(void)
{
	return file_is_folder(MODULE) || (file_exists("/sys/class/misc/kvm") && !guest_is_one());
}

/**
 * host_check() - look at all of the host's side
 * @report: where to
 */
void host_check(struct report *report)
{
	char line[LINE_MAX_LEN];

	report->side = "host";
	if (!file_is_folder(MODULE)) {
		report_failure(report, "", "modprobe kvm_sched_hint",
			       "the module kvm_sched_hint is not loaded");
		return;
	}
	file_line(line, MODULE "/parameters/mode");
	report_ok(report, "", "module loaded, mode %s", line);
	if (!file_exists(NODE)) {
		report_failure(report, "", "is devtmpfs mounted and udev running?",
			       NODE " is missing");
		return;
	}
	file_rights(line, NODE);
	report_ok(report, "", NODE " is there (%s)", line);
	file_line(line, NODE_SYSFS "/drain");
	if (!strcmp(line, "1")) {
		report_failure(report, "", host_remedy("draining"), "the module is being drained");
		return;
	}
	check_vms(report);
}
