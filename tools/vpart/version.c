// SPDX-License-Identifier: GPL-2.0
/* vpart version */
#include <stdio.h>
#include <string.h>
#include "cmd.h"

#ifndef VPART_VERSION
#error "VPART_VERSION comes from the Makefile"
#endif

/* Version of a loaded module, or that it is not loaded. */
static void put_module(struct json_object *o, const char *name)
{
	char path[128], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/sys/module/%s/version", name);
	f = fopen(path, "re");
	if (f) {
		if (!fgets(text, sizeof(text), f))
			text[0] = 0;
		text[strcspn(text, "\n")] = 0;
		fclose(f);
	} else {
		snprintf(path, sizeof(path), "/sys/module/%s/initstate", name);
		f = fopen(path, "re");
		snprintf(text, sizeof(text), f ? "loaded" : "not loaded");
		if (f)
			fclose(f);
	}
	put_text(o, name, text);
}

static int run_show(struct cmd *c)
{
	struct json_object *o = json_object_new_object();

	put_text(o, "command", VPART_VERSION);
	put_number(o, "netlink", VPART_FAMILY_VERSION);
	put_module(o, "vpart");
	put_module(o, "vpart_stream");
	put_module(o, "vpart_shm");
	put_module(o, "vscsi_host");
	put_module(o, "vscsi_target");
	put_module(o, "dm_vmirror");
	return print_one(c, o);
}

static const struct verb verbs[] = {
	{
		.name = "show", .args = "", .run = run_show,
		.what = "Show the version of this command and which modules are loaded.",
		.example = "vpart version",
	}, { .name = NULL },
};

const struct noun version_noun = { "version", "of this command and of the modules", verbs };
