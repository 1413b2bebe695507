/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SHINT_STATS_H
#define SHINT_STATS_H

int shint_stats_start(void);
void shint_stats_stop(void);

#endif /* SHINT_STATS_H */
