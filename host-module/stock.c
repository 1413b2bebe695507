// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stock must stay stock.
 *
 * While grants are in force, KVM grows and shrinks vcpu->halt_poll_ns against
 * our maximum, and so works on wrong numbers. The shadow replays what KVM
 * would have done with each halt; a halt that is left to stock polls for that
 * long. (What it cannot know is when an event would have met the vCPU had it
 * polled instead of yielding: a yielded halt is longer by its wake-up.) The rules
 * are those at the end of kvm_vcpu_halt() (virt/kvm/kvm_main.c), the same in 6.1
 * and 6.12.
 */
#include "stock.h"

static u32 stock_grown(u32 poll_ns, const struct shint_stock_params *params)
{
	if (!params->grow)
		return poll_ns;

	/* KVM's arithmetic is 32 bits wide and wraps; so does this. */
	poll_ns *= params->grow;
	return poll_ns < params->grow_start_ns ? params->grow_start_ns : poll_ns;
}

static u32 stock_shrunk(u32 poll_ns, const struct shint_stock_params *params)
{
	poll_ns = params->shrink ? poll_ns / params->shrink : 0;
	return poll_ns < params->grow_start_ns ? 0 : poll_ns;
}

/**
 * shint_stock_poll_ns() - how long stock would poll in the halt that begins
 * @stock: the vCPU's shadow
 * @params: KVM's parameters now
 */
u32 shint_stock_poll_ns(struct shint_stock *stock, const struct shint_stock_params *params)
{
	if (stock->poll_ns > params->max_ns)
		stock->poll_ns = params->max_ns;
	return stock->poll_ns;
}

/**
 * shint_stock_replay() - adapt the shadow to a halt that has ended
 * @stock: the vCPU's shadow
 * @params: KVM's parameters now
 * @halt_ns: from the halt to the event that ended it, however it was spent
 */
void shint_stock_replay(struct shint_stock *stock, const struct shint_stock_params *params,
			u64 halt_ns)
{
	u32 poll_ns = shint_stock_poll_ns(stock, params);

	if (!params->max_ns)
		stock->poll_ns = 0;
	else if (halt_ns <= poll_ns)
		return;
	else if (poll_ns && halt_ns > params->max_ns)
		stock->poll_ns = stock_shrunk(poll_ns, params);
	else if (poll_ns < params->max_ns && halt_ns < params->max_ns)
		stock->poll_ns = stock_grown(poll_ns, params);
}
