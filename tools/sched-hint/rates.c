// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Rates from two looks at the counters.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "rates.h"

#define STOCK	"stock_"

/* What the line before has under this key; keys mostly keep their places. */
static bool number_before(const struct fields *before, size_t i, const char *key,
			  uint64_t *number)
{
	const struct field *field = NULL;

	if (i < before->nr && !strcmp(before->list[i].key, key))
		field = &before->list[i];
	else
		field = counters_field(before, key);
	if (!field || !field->is_number)
		return false;
	*number = field->number;
	return true;
}

/**
 * rates_of() - compare two lines
 * @before: the earlier one, or NULL if there is none
 * @now: the later one, with counters
 * @seconds: between them, above 0
 * @rates: out; for rates_free()
 *
 * A counter that fell belongs to something new by an old name (the module was
 * loaded anew): then nothing is known. One that was not there before, neither.
 *
 * Return: 0 or -ENOMEM.
 */
int rates_of(const struct fields *before, const struct fields *now, double seconds,
	     struct rates *rates)
{
	size_t i;

	rates->nr = now->nr - now->first_counter;
	rates->known = before;
	rates->list = calloc(rates->nr, sizeof(*rates->list));
	if (!rates->list)
		return -ENOMEM;

	for (i = 0; i < rates->nr; i++) {
		const struct field *field = &now->list[now->first_counter + i];
		uint64_t number;

		rates->list[i].key = field->key;
		if (!rates->known)
			continue;
		if (!number_before(before, now->first_counter + i, field->key, &number) ||
		    field->number < number) {
			rates->known = false;
			continue;
		}
		rates->list[i].per_s = (double)(field->number - number) / seconds;
	}
	for (i = 0; !rates->known && i < rates->nr; i++)
		rates->list[i].per_s = 0;
	return 0;
}

/**
 * rates_free() - give back what rates_of() took
 * @rates: empty afterwards
 */
void rates_free(struct rates *rates)
{
	free(rates->list);
	*rates = (struct rates){ 0 };
}

/**
 * rates_get() - look a rate up
 * @rates: where
 * @key: which
 *
 * Return: per second; 0 if there is no such counter.
 */
double rates_get(const struct rates *rates, const char *key)
{
	size_t i;

	for (i = 0; i < rates->nr; i++)
		if (!strcmp(rates->list[i].key, key))
			return rates->list[i].per_s;
	return 0;
}

/**
 * rates_stock() - why halts were left to stock KVM
 * @rates: where
 * @list: out: the reasons that occurred, the most frequent first
 * @max: room in @list
 *
 * Return: how many there are in @list.
 */
size_t rates_stock(const struct rates *rates, const struct rate **list, size_t max)
{
	size_t i, j, nr = 0;

	for (i = 0; i < rates->nr; i++) {
		const struct rate *rate = &rates->list[i];

		if (strncmp(rate->key, STOCK, strlen(STOCK)) || rate->per_s <= 0)
			continue;
		for (j = nr; j && list[j - 1]->per_s < rate->per_s; j--)
			if (j < max)
				list[j] = list[j - 1];
		if (j < max)
			list[j] = rate;
		if (nr < max)
			nr++;
	}
	return nr;
}

/**
 * rates_same_vm() - find a VM in another look
 * @counters: the other look
 * @name: the VM's
 * @hint: where it was in this one
 *
 * Return: the VM or NULL.
 */
const struct counters_vm *rates_same_vm(const struct counters *counters, const char *name,
					size_t hint)
{
	size_t i;

	/* VMs that left, left all that follow them nearer to the start. */
	for (i = 0; i < counters->nr_vms; i++) {
		const struct counters_vm *vm = &counters->vms[(hint + i) % counters->nr_vms];

		if (!strcmp(vm->name, name))
			return vm;
	}
	return NULL;
}

/**
 * rates_same_vcpu() - find a vCPU in another look
 * @vm: its VM there
 * @id: the vCPU's
 *
 * Return: its line or NULL.
 */
const struct fields *rates_same_vcpu(const struct counters_vm *vm, unsigned int id)
{
	size_t i;

	for (i = 0; i < vm->nr_vcpus && vm->vcpus[i].id <= id; i++)
		if (vm->vcpus[i].id == id)
			return &vm->vcpus[i].fields;
	return NULL;
}
