// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * As much JSON as this tool says.
 */
#include "json.h"

/* Printable ASCII as it is; what else there is did not come from our modules. */
static void put_string(FILE *out, const char *text)
{
	fputc('"', out);
	for (; *text; text++) {
		unsigned char c = *text;

		if (c == '"' || c == '\\')
			fprintf(out, "\\%c", c);
		else if (c < ' ' || c > '~')
			fprintf(out, "\\u%04x", c < 0x80 ? c : '?');
		else
			fputc(c, out);
	}
	fputc('"', out);
}

static void put_key(struct json *json, const char *key)
{
	if (json->comma)
		fputs(", ", json->out);
	json->comma = true;
	if (key) {
		put_string(json->out, key);
		fputs(": ", json->out);
	}
}

/**
 * json_open() - begin an object or an array
 * @json: the text
 * @key: its name or NULL
 * @bracket: { or [
 */
void json_open(struct json *json, const char *key, char bracket)
{
	put_key(json, key);
	fputc(bracket, json->out);
	json->comma = false;
}

/**
 * json_close() - end it
 * @json: the text
 * @bracket: } or ]
 */
void json_close(struct json *json, char bracket)
{
	fputc(bracket, json->out);
	json->comma = true;
}

/**
 * json_string() - a string
 * @json: the text
 * @key: its name or NULL
 * @value: the string
 */
void json_string(struct json *json, const char *key, const char *value)
{
	put_key(json, key);
	put_string(json->out, value);
}

/**
 * json_integer() - a whole number
 * @json: the text
 * @key: its name or NULL
 * @value: the number
 */
void json_integer(struct json *json, const char *key, uint64_t value)
{
	put_key(json, key);
	fprintf(json->out, "%llu", (unsigned long long)value);
}

/**
 * json_decimal() - a number with three decimals
 * @json: the text
 * @key: its name or NULL
 * @value: the number, finite
 */
void json_decimal(struct json *json, const char *key, double value)
{
	put_key(json, key);
	fprintf(json->out, "%.3f", value);
}

/**
 * json_bool() - true or false
 * @json: the text
 * @key: its name or NULL
 * @value: which
 */
void json_bool(struct json *json, const char *key, bool value)
{
	put_key(json, key);
	fputs(value ? "true" : "false", json->out);
}

/**
 * json_null() - nothing
 * @json: the text
 * @key: its name or NULL
 */
void json_null(struct json *json, const char *key)
{
	put_key(json, key);
	fputs("null", json->out);
}
