/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Writes JSON. A key of NULL is for the elements of an array.
 */
#ifndef SHINT_TOOL_JSON_H
#define SHINT_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/**
 * struct json - a text being written
 * @out: where to
 * @comma: the next element wants one in front
 */
struct json {
	FILE *out;
	bool comma;
};

void json_open(struct json *json, const char *key, char bracket);
void json_close(struct json *json, char bracket);
void json_string(struct json *json, const char *key, const char *value);
void json_integer(struct json *json, const char *key, uint64_t value);
void json_decimal(struct json *json, const char *key, double value);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

#endif /* SHINT_TOOL_JSON_H */
