/* SPDX-License-Identifier: GPL-2.0-only */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM sched_hint

#if !defined(SHINT_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SHINT_TRACE_H

#include <linux/string.h>
#include <linux/tracepoint.h>

#include "policy.h"

/*
 * What was decided about a halt. In mode observe the decision is not put into
 * force; a stock verdict's keep_ns and wake_in_ns mean nothing.
 */
TRACE_EVENT(sched_hint_halt,
	TP_PROTO(const void *kvm_vcpu, u32 vcpu_id, const struct shint_decision *decision,
		 bool rehalt),
	TP_ARGS(kvm_vcpu, vcpu_id, decision, rehalt),
	TP_STRUCT__entry(
		__field(const void *, kvm_vcpu)
		__field(u32, vcpu_id)
		__array(char, verdict, 16)
		__field(u64, keep_ns)
		__field(u64, wake_in_ns)
		__field(bool, rehalt)
	),
	TP_fast_assign(
		__entry->kvm_vcpu = kvm_vcpu;
		__entry->vcpu_id = vcpu_id;
		strscpy(__entry->verdict, shint_verdict_name(decision->verdict),
			sizeof(__entry->verdict));
		__entry->keep_ns = decision->keep_ns;
		__entry->wake_in_ns = decision->wake_in_ns;
		__entry->rehalt = rehalt;
	),
	TP_printk("vcpu %p id %u verdict %s keep_ns %llu wake_in_ns %llu rehalt %d",
		  __entry->kvm_vcpu, __entry->vcpu_id, __entry->verdict,
		  __entry->keep_ns, __entry->wake_in_ns, __entry->rehalt)
);

/* A vCPU's thread is woken before its event. */
TRACE_EVENT(sched_hint_wake,
	TP_PROTO(const void *kvm_vcpu, const char *cause),
	TP_ARGS(kvm_vcpu, cause),
	TP_STRUCT__entry(
		__field(const void *, kvm_vcpu)
		__array(char, cause, 8)
	),
	TP_fast_assign(
		__entry->kvm_vcpu = kvm_vcpu;
		strscpy(__entry->cause, cause, sizeof(__entry->cause));
	),
	TP_printk("vcpu %p cause %s", __entry->kvm_vcpu, __entry->cause)
);

#endif /* SHINT_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace

#include <trace/define_trace.h>
