// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Reading small files. SCHED_HINT_ROOT puts a tree of its own in front of /sys,
 * /proc and /dev: the tests do.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "files.h"

static bool make_path(char path[PATH_MAX], const char *fmt, va_list args)
{
	const char *root = getenv("SCHED_HINT_ROOT");
	int len = snprintf(path, PATH_MAX, "%s", root ? root : "");
	int rest;

	if (len < 0 || len >= PATH_MAX)
		return false;
	rest = vsnprintf(path + len, PATH_MAX - len, fmt, args);
	return rest >= 0 && rest < PATH_MAX - len;
}

/* The path that a function's own arguments make, from its fmt on. */
#define MAKE_PATH(path) ({				\
	va_list args;					\
	bool made;					\
							\
	va_start(args, fmt);				\
	made = make_path(path, fmt, args);		\
	va_end(args);					\
	made;						\
})

/**
 * file_exists() - whether there is such a file
 * @fmt: its path
 */
bool file_exists(const char *fmt, ...)
{
	char path[PATH_MAX];

	return MAKE_PATH(path) && !access(path, F_OK);
}

/**
 * file_is_folder() - whether there is such a folder
 * @fmt: its path
 */
bool file_is_folder(const char *fmt, ...)
{
	char path[PATH_MAX];
	struct stat st;

	return MAKE_PATH(path) && !stat(path, &st) && S_ISDIR(st.st_mode);
}

static int read_fd(int fd, char **text, size_t *len)
{
	size_t room = 0;
	ssize_t got;

	for (;;) {
		/* One more for the NUL. */
		if (room - *len < 2) {
			char *more = realloc(*text, room = room ? 2 * room : 4096);

			if (!more)
				return -ENOMEM;
			*text = more;
		}
		got = read(fd, *text + *len, room - *len - 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		(*text)[*len += got] = '\0';
		if (!got)
			return 0;
	}
}

static int read_path(const char *path, char **text, size_t *len)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int ret;

	*text = NULL;
	*len = 0;
	if (fd < 0)
		return -errno;
	ret = read_fd(fd, text, len);
	close(fd);
	if (ret) {
		free(*text);
		*text = NULL;
	}
	return ret;
}

/**
 * file_read() - all of a file
 * @text: out, for free(); a NUL follows its end
 * @len: out: its length
 * @fmt: its path
 *
 * Return: 0 or an errno.
 */
int file_read(char **text, size_t *len, const char *fmt, ...)
{
	char path[PATH_MAX];

	if (!MAKE_PATH(path))
		return -ENAMETOOLONG;
	return read_path(path, text, len);
}

/**
 * file_line() - a file's first line
 * @line: out; empty if it cannot be read
 * @fmt: its path
 *
 * Return: whether it could be read.
 */
bool file_line(char line[LINE_MAX_LEN], const char *fmt, ...)
{
	char path[PATH_MAX];
	char *text;
	size_t len;

	line[0] = '\0';
	if (!MAKE_PATH(path) || read_path(path, &text, &len))
		return false;
	snprintf(line, LINE_MAX_LEN, "%.*s", (int)strcspn(text, "\n"), text);
	free(text);
	return true;
}

/* getgrgid() would want shared libraries in a static program. */
static void group_name(char name[LINE_MAX_LEN], gid_t gid)
{
	char *text, *line, *rest;
	size_t len;

	snprintf(name, LINE_MAX_LEN, "%u", gid);
	if (file_read(&text, &len, "/etc/group"))
		return;
	for (line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
		char *id = strchr(line, ':');

		id = id ? strchr(id + 1, ':') : NULL;
		if (!id || strtoul(id + 1, NULL, 10) != gid)
			continue;
		snprintf(name, LINE_MAX_LEN, "%.*s", (int)strcspn(line, ":"), line);
		break;
	}
	free(text);
}

/**
 * file_rights() - to whom a file belongs, in words
 * @line: out
 * @fmt: its path
 */
void file_rights(char line[LINE_MAX_LEN], const char *fmt, ...)
{
	char path[PATH_MAX], group[LINE_MAX_LEN];
	struct stat st;

	snprintf(line, LINE_MAX_LEN, "rights unknown");
	if (!MAKE_PATH(path) || stat(path, &st))
		return;
	group_name(group, st.st_gid);
	snprintf(line, LINE_MAX_LEN, "group %.64s, mode %04o", group, st.st_mode & 07777);
}

static int visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

/**
 * file_list() - what is in a folder
 * @names: out, for file_list_free(); sorted as people count, 2 before 10
 * @fmt: its path
 *
 * Return: how many names.
 */
size_t file_list(char ***names, const char *fmt, ...)
{
	struct dirent **entries;
	char path[PATH_MAX];
	size_t nr = 0;
	int i, found;

	*names = NULL;
	if (!MAKE_PATH(path))
		return 0;
	found = scandir(path, &entries, visible, versionsort);
	if (found < 0)
		return 0;
	*names = calloc(found + 1, sizeof(**names));
	for (i = 0; i < found; i++) {
		if (*names)
			(*names)[nr] = strdup(entries[i]->d_name);
		if (*names && (*names)[nr])
			nr++;
		free(entries[i]);
	}
	free(entries);
	return nr;
}

/**
 * file_list_free() - give back what file_list() took
 * @names: the list
 * @nr: how many
 */
void file_list_free(char **names, size_t nr)
{
	while (nr)
		free(names[--nr]);
	free(names);
}
