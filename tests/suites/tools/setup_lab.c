// SPDX-License-Identifier: GPL-2.0
/*
 * The file that brings a cluster to its nodes, read with sanitizers:
 *
 *	setup FILE		0: it is taken, and is the same when it is written again
 *	setup FILE each		each byte changed in each bit, left out, doubled, cut there:
 *				none of these is taken
 *	setup FILE SEED COUNT	lines exchanged, doubled, left out, words put in, with a right
 *				sum: whatever is taken is the same when it is written again
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cluster_setup.h"

static struct setup s;
static char text[2 * SETUP_TEXT];

static uint32_t sum(const char *p, size_t len)
{
	uint32_t crc = ~0U;
	int bit;

	while (len--) {
		crc ^= (uint8_t)*p++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0x82f63b78U : 0);
	}
	return ~crc;
}

/* Is it taken? Then it is what it says. A copy of its size: what is read behind it is seen. */
static bool taken(const char *what, size_t len)
{
	char *copy = malloc(len + 1), *again;
	struct setup_file files[SETUP_FILES];
	bool ok;

	memcpy(copy, what, len);
	copy[len] = 0;
	ok = !setup_parse(&s, copy, len, "it");
	if (ok) {
		again = setup_format(&s);
		if (strlen(again) != len || memcmp(again, copy, len)) {
			printf("written again it is another one: %s\n", copy);
			exit(3);
		}
		free(again);
		if (setup_files(&s, files))
			exit(3);
		setup_files_free(files);
	}
	free(copy);
	return ok;
}

static int each(const char *good, size_t len)
{
	unsigned int bit, tried = 0;
	size_t i;

	for (i = 0; i < len; i++) {
		for (bit = 0; bit < 8; bit++, tried++) {
			memcpy(text, good, len);
			text[i] ^= (char)(1 << bit);
			if (taken(text, len))
				return printf("byte %zu, bit %u\n", i, bit), 1;
		}
		memcpy(text, good, i);
		memcpy(text + i, good + i + 1, len - i - 1);
		if (taken(text, len - 1))
			return printf("without byte %zu\n", i), 1;
		memcpy(text + i + 1, good + i, len - i);
		text[i] = good[i];
		if (taken(text, len + 1) || taken(good, i))
			return printf("with byte %zu twice, or cut there\n", i), 1;
		tried += 3;
	}
	printf("%u tried\n", tried);
	return 0;
}

/* Lines by chance, and the sum that they should have. */
static int by_chance(char *good, unsigned int seed, unsigned int count)
{
	static const char *const words[] = {
		"node a 10.0.0.1", "node b 10.0.0.2 10.1.0.2", "device /dev/x", "shared-storage",
		"fence fence_x a=b", "fence /x vios1:ip=1 vios2:ip=2", "preferred vios2", "key 00",
		"cluster a\tb", "node c 10.0.0.1\r", "totem {", "", " ", "fence x:y=z}", "fence",
		"node vios1", "preferred ", "repository 0", "device /a,b", "node a}b 10.0.0.9",
	};
	char *line[64], *save, *p;
	unsigned int n = 0, i, take = 0, lines;
	size_t len;

	for (p = strtok_r(good, "\n", &save); p && n < 64; p = strtok_r(NULL, "\n", &save))
		line[n++] = p;
	srandom(seed);
	n--;	/* the sum is made anew */
	for (i = 0; i < count; i++) {
		len = (size_t)sprintf(text, "%s\n", line[0]);
		for (lines = 1; lines < n; lines++) {
			p = line[random() % 8 ? lines : 1 + (unsigned int)random() % (n - 1)];
			if (random() % 16)
				len += (size_t)sprintf(text + len, "%s\n", p);
			if (!(random() % 16))
				len += (size_t)sprintf(text + len, "%s\n",
						       words[(size_t)random() % ARRAY_SIZE(words)]);
		}
		len += (size_t)sprintf(text + len, "crc %08x\n", sum(text, len));
		take += taken(text, len);
	}
	printf("%u of %u were taken\n", take, count);
	return !take;
}

int main(int argc, char **argv)
{
	static char good[SETUP_TEXT];
	ssize_t len = argc > 1 ? setup_read(argv[1], good, sizeof(good) - 1) : -1;

	if (len < 0)
		return 2;
	if (argc == 2)
		return !taken(good, (size_t)len);
	/* The refusals' sentences are many. */
	if (!freopen("/dev/null", "w", stderr))
		return 2;
	return argc == 3 ? each(good, (size_t)len) :
	       by_chance(good, (unsigned int)atoi(argv[2]), (unsigned int)atoi(argv[3]));
}
