/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_SYSFS_H
#define SHINT_SYSFS_H

#include <linux/types.h>

struct attribute_group;
struct kobject;
struct shint_vm;

extern const struct attribute_group *shint_device_groups[];

int shint_sysfs_start(struct kobject *device);
void shint_sysfs_stop(void);

void shint_sysfs_init(struct shint_vm *vm);
int shint_sysfs_add(struct shint_vm *vm);
void shint_sysfs_del(struct shint_vm *vm);
void shint_sysfs_put(struct shint_vm *vm);

const char *shint_status_text(u32 status);

#endif /* SHINT_SYSFS_H */
