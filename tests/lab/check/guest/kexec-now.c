// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kexec-now KERNEL INITRAMFS CMDLINE: in a guest, starts another kernel at once.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/reboot.h>

int main(int argc, char **argv)
{
	int kernel, initramfs;

	if (argc != 4) {
		fputs("usage: kexec-now KERNEL INITRAMFS CMDLINE\n", stderr);
		return 2;
	}
	kernel = open(argv[1], O_RDONLY | O_CLOEXEC);
	initramfs = open(argv[2], O_RDONLY | O_CLOEXEC);
	if (syscall(SYS_kexec_file_load, kernel, initramfs, strlen(argv[3]) + 1, argv[3], 0)) {
		perror("kexec-now: cannot load the kernel");
		return 1;
	}
	reboot(LINUX_REBOOT_CMD_KEXEC);
	perror("kexec-now: cannot start the kernel");
	return 1;
}
