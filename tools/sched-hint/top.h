/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef SHINT_TOOL_TOP_H
#define SHINT_TOOL_TOP_H

int top_main(int argc, char **argv);

#endif /* SHINT_TOOL_TOP_H */
