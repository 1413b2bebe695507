// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The guest's side of `status`: the device, the driver, and whether the host
 * listens.
 */
#include <string.h>

#include "status.h"

#define SEE_LOG	"see the guest's kernel log (dmesg)"

/* By something that only this status says, or that those before it do not. */
static const struct {
	const char *says;
	const char *remedy;
} guest_remedies[] = {
	{ "host not listening",
	  "on the host: modprobe kvm_sched_hint; sched-hint status there tells more" },
	{ "idle=poll", "boot the guest without idle=poll" },
	{ "host not acting",
	  "on the host: its sched-hint status tells which, and what to do" },
	{ "CPUs are not published", SEE_LOG },
	{ "cpuidle is off",
	  "it works, without early wakes for timers; for those boot without cpuidle.off=1" },
	{ "another cpuidle driver",
	  "it works, without early wakes for timers; for those no cpuidle_haltpoll.force" },
	{ "degraded", SEE_LOG },
	{ "MWAIT", "start QEMU with -overcommit cpu-pm=off" },
	{ "refused", "driver and QEMU do not fit: build both from one version" },
	{ "answer", "see QEMU's log; then reload the driver" },
};

static const char *guest_remedy(const char *status)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(guest_remedies); i++)
		if (strstr(status, guest_remedies[i].says))
			return guest_remedies[i].remedy;
	return SEE_LOG;
}

/* Whether QEMU offers the device: virtio id 63. */
static bool has_device(void)
{
	char id[LINE_MAX_LEN];
	bool found = false;
	char **names;
	size_t i, nr;

	nr = file_list(&names, VIRTIO_DEVICES);
	for (i = 0; i < nr; i++)
		if (file_line(id, VIRTIO_DEVICES "/%s/device", names[i]) && !strcmp(id, "0x003f"))
			found = true;
	file_list_free(names, nr);
	return found;
}

static void check_device(struct report *report, const char *device)
{
	char status[LINE_MAX_LEN], listening[LINE_MAX_LEN], mode[LINE_MAX_LEN];
	char features[LINE_MAX_LEN], publishes[LINE_MAX_LEN];

	file_line(status, GUEST_DRIVER "/%s/hint_status", device);
	file_line(listening, GUEST_DRIVER "/%s/listening", device);
	file_line(mode, GUEST_DRIVER "/%s/idle_mode", device);
	file_line(features, GUEST_DRIVER "/%s/features_in_use", device);
	file_line(publishes, GUEST_DRIVER "/%s/publishes", device);

	if (strcmp(status, "ok"))
		report_failure(report, device, guest_remedy(status), "%s",
			       *status ? status : "no status");
	else if (strcmp(listening, "1"))
		report_failure(report, device, guest_remedy("host not listening"),
			       "host not listening");
	else if (!strcmp(mode, "off"))
		report_failure(report, device, SEE_LOG,
			       "the driver does not see when CPUs go idle");
	else if (!strcmp(features, "none"))
		report_failure(report, device, guest_remedy("refused"),
			       "driver and device agree on no hint");
	else if (!strcmp(publishes, "0"))
		report_failure(report, device, "wait until the guest has been idle once",
			       "nothing has been published yet");
	else
		report_ok(report, device,
			  "the host listens, idle mode %.32s, hints: %.64s, %.32s publishes", mode,
			  features, publishes);
}

/**
 * guest_is_one() - whether this machine is a guest with the device
 */
bool guest_is_one(void)
{
	return file_is_folder(GUEST_DRIVER) || has_device();
}

/**
 * guest_check() - look at all of the guest's side
 * @report: where to
 */
void guest_check(struct report *report)
{
	size_t i, nr, devices = 0;
	char **names;

	report->side = "guest";
	if (!has_device()) {
		report_failure(report, "", "start its QEMU with -device virtio-sched-hint-pci",
			       "this machine has no virtio-sched-hint device");
		return;
	}
	if (!file_is_folder(GUEST_DRIVER)) {
		report_failure(report, "", "modprobe virtio_sched_hint",
			       "the driver virtio_sched_hint is not loaded");
		return;
	}
	nr = file_list(&names, GUEST_DRIVER);
	for (i = 0; i < nr; i++) {
		if (strncmp(names[i], "virtio", strlen("virtio")))
			continue;
		devices++;
		check_device(report, names[i]);
	}
	file_list_free(names, nr);
	if (!devices)
		report_failure(report, "", SEE_LOG, "the driver took no device");
}
