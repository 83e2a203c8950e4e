// SPDX-License-Identifier: LGPL-2.1-or-later
/* Handle, error sentence, names and UUIDs */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/random.h>
#include "internal.h"

/**
 * vpart_open - make a handle
 *
 * Talks to nobody yet: each call connects to what it needs.
 *
 * Return: the handle, or NULL without memory.
 */
struct vpart *vpart_open(void)
{
	return calloc(1, sizeof(struct vpart));
}

/**
 * vpart_close - give a handle back
 * @v: the handle, or NULL
 */
void vpart_close(struct vpart *v)
{
	if (!v)
		return;
	vpart_nl_close(v);
	free(v->stuck);
	free(v);
}

/**
 * vpart_last_error - why the last failed call failed
 * @v: the handle
 *
 * Return: the error; it stays as it is until the next failure.
 */
const struct vpart_error *vpart_last_error(const struct vpart *v)
{
	return &v->error;
}

/* Record a failure; returns -err so that callers can return it. */
int vpart_fail(struct vpart *v, int err, enum vpart_code code, const char *fmt, ...)
{
	va_list ap;

	free(v->stuck);
	v->stuck = NULL;
	v->nstuck = 0;
	v->error.code = code;
	v->error.err = err;
	va_start(ap, fmt);
	vsnprintf(v->error.text, sizeof(v->error.text), fmt, ap);
	va_end(ap);
	return -err;
}

int vpart_no_memory(struct vpart *v)
{
	return vpart_fail(v, ENOMEM, VPART_CODE_FAILED, "out of memory");
}

void vpart_copy(char *dst, size_t size, const char *src)
{
	size_t len = strnlen(src, size - 1);

	memcpy(dst, src, len);
	dst[len] = 0;
}

/**
 * vpart_name_valid - may an object have this name?
 * @name: the name
 *
 * One to VPART_NAME_MAX letters, digits, '.', '_' and '-', the first of them a
 * letter or a digit: a name is a file name in sysfs and configfs.
 *
 * Return: true if it may.
 */
bool vpart_name_valid(const char *name)
{
	size_t i;

	if (!isalnum((unsigned char)name[0]))
		return false;
	for (i = 1; name[i]; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return false;
	return i <= VPART_NAME_MAX;
}

int vpart_check_name(struct vpart *v, const char *what, const char *name)
{
	if (vpart_name_valid(name))
		return 0;
	return vpart_fail(v, EINVAL, VPART_CODE_INVALID,
			  "'%.64s' is no name for a %s: 1 to %d letters, digits, '.', '_' and '-', beginning with a letter or digit",
			  name, what, VPART_NAME_MAX);
}

/**
 * vpart_uuid_parse - read a UUID
 * @text: 32 hexadecimal digits in the usual five groups
 * @uuid: where the bytes go
 *
 * Return: 0 or -EINVAL.
 */
int vpart_uuid_parse(const char *text, uint8_t uuid[VPART_UUID_SIZE])
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	unsigned int i, digit, n = 0;

	if (strlen(text) != sizeof(form) - 1)
		return -EINVAL;
	for (i = 0; form[i]; i++) {
		if (form[i] == '-') {
			if (text[i] != '-')
				return -EINVAL;
			continue;
		}
		if (!isxdigit((unsigned char)text[i]))
			return -EINVAL;
		digit = isdigit((unsigned char)text[i]) ? text[i] - '0' :
			tolower((unsigned char)text[i]) - 'a' + 10;
		if (n % 2)
			uuid[n / 2] |= digit;
		else
			uuid[n / 2] = digit << 4;
		n++;
	}
	return 0;
}

/**
 * vpart_uuid_format - write a UUID as text
 * @uuid: the bytes
 * @text: where the text goes
 */
void vpart_uuid_format(const uint8_t uuid[VPART_UUID_SIZE], char text[VPART_UUID_TEXT])
{
	char *p = text;
	int i;

	for (i = 0; i < VPART_UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		p += sprintf(p, "%02x", uuid[i]);
	}
}

/**
 * vpart_uuid_is_null - is this the UUID of nothing?
 * @uuid: the bytes
 *
 * Return: true if all of them are zero.
 */
bool vpart_uuid_is_null(const uint8_t uuid[VPART_UUID_SIZE])
{
	static const uint8_t zero[VPART_UUID_SIZE];

	return !memcmp(uuid, zero, sizeof(zero));
}

int vpart_uuid_random(struct vpart *v, uint8_t uuid[VPART_UUID_SIZE])
{
	if (getrandom(uuid, VPART_UUID_SIZE, 0) != VPART_UUID_SIZE)
		return vpart_fail(v, EIO, VPART_CODE_FAILED, "no random numbers for a UUID");
	uuid[6] = (uuid[6] & 0x0f) | 0x40;
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
	return 0;
}

void *vpart_list_add(struct vpart_list *l)
{
	void *data;

	if (l->oom)
		return NULL;
	if (l->n == l->room) {
		size_t room = l->room ? 2 * l->room : 8;

		data = reallocarray(l->data, room, l->size);
		if (!data) {
			l->oom = true;
			return NULL;
		}
		l->data = data;
		l->room = room;
	}
	data = (char *)l->data + l->n++ * l->size;
	memset(data, 0, l->size);
	return data;
}

/* Hand the list to the caller, or drop it if reading it failed. */
int vpart_list_done(struct vpart *v, int ret, struct vpart_list *l, void *list, size_t *n)
{
	if (!ret && l->oom)
		ret = vpart_no_memory(v);
	if (ret) {
		free(l->data);
		*(void **)list = NULL;
		*n = 0;
		return ret;
	}
	*(void **)list = l->data;
	*n = l->n;
	return 0;
}

/* Of a clock that nobody sets. */
uint64_t vpart_now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
