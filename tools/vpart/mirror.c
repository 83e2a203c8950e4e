// SPDX-License-Identifier: GPL-2.0
/* vpart mirror */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "cmd.h"

static const struct column columns[] = {
	{ "name", "NAME" }, { "state", "STATE" }, { "bytes", "SIZE" }, { "leg0", "LEG 0" },
	{ "leg1", "LEG 1" }, { "equal", "EQUAL" }, { "resync", "RESYNC" }, { "volume", "VOLUME" },
	{ NULL, NULL },
};

static const char *flag_name(char flag)
{
	switch (flag) {
	case 'A':
		return "active";
	case 'R':
		return "resync";
	case 'F':
		return "failed";
	case 'M':
		return "missing";
	case 'O':
		return "outdated";
	default:
		return "unknown";
	}
}

static struct json_object *leg_json(const struct vpart_leg *leg)
{
	struct json_object *o = json_object_new_object();
	char disk[VPART_DISK_SIZE + 8] = "";

	if (leg->disk[0])
		snprintf(disk, sizeof(disk), "/dev/%s", leg->disk);
	put_text(o, "state", flag_name(leg->flag));
	put_text(o, "disk", disk);
	put_text(o, "lu", leg->lu);
	put_text(o, "server", leg->server);
	return o;
}

/* The key=value pairs that end the kernel's status line, numbers as numbers. */
static void put_tail(struct json_object *o, const char *tail)
{
	char copy[256], *at = copy, *pair, *value, *end;
	unsigned long long n;

	snprintf(copy, sizeof(copy), "%s", tail);
	while ((pair = strsep(&at, " "))) {
		value = strchr(pair, '=');
		if (!value)
			continue;
		*value++ = 0;
		n = strtoull(value, &end, 10);
		if (value[0] >= '0' && value[0] <= '9' && !*end)
			put_number(o, pair, n);
		else
			put_text(o, pair, value);
	}
}

static struct json_object *to_json(const struct vpart_mirror *m)
{
	struct json_object *o = json_object_new_object(), *legs = json_object_new_array();
	char volume[VPART_NAME_SIZE + 16];
	int i;

	snprintf(volume, sizeof(volume), "/dev/mapper/%s", m->name);
	put_text(o, "name", m->name);
	put_text(o, "uuid", m->uuid);
	put_text(o, "volume", volume);
	put_text(o, "node", m->node);
	put_number(o, "bytes", m->bytes);
	put_text(o, "state", vpart_mirror_state_name(m->state));
	for (i = 0; i < VPART_MIRROR_LEGS; i++)
		json_object_array_add(legs, leg_json(&m->legs[i]));
	json_object_object_add(o, "legs", legs);
	put_number(o, "regions_equal", m->clean);
	put_number(o, "regions", m->total);
	put_text(o, "resync", m->sync);
	put_text(o, "mode", m->mode);
	put_bool(o, "open", m->open);
	put_text(o, "copy_id", m->copy);
	put_text(o, "bitmap_id", m->bitmap);
	put_number(o, "held", m->held);
	put_tail(o, m->tail);
	return o;
}

static void leg_text(const struct vpart_leg *leg, char *buf, size_t size)
{
	const char *name = leg->lu[0] ? leg->lu : leg->disk[0] ? leg->disk : "-";

	if (leg->server[0])
		snprintf(buf, size, "%s of %s: %s", name, leg->server, flag_name(leg->flag));
	else
		snprintf(buf, size, "%s: %s", name, flag_name(leg->flag));
}

/* A share of the regions; 100 only when it is all of them. */
static void share_text(const struct vpart_mirror *m, char *buf, size_t size)
{
	unsigned int mill = m->total ? (unsigned int)(m->clean * 1000 / m->total) : 0;

	snprintf(buf, size, "%u.%u %%", mill / 10, mill % 10);
}

/* A row for people. */
static struct json_object *to_row(const struct vpart_mirror *m)
{
	struct json_object *o = to_json(m);
	char text[128];

	leg_text(&m->legs[0], text, sizeof(text));
	put_text(o, "leg0", text);
	leg_text(&m->legs[1], text, sizeof(text));
	put_text(o, "leg1", text);
	share_text(m, text, sizeof(text));
	put_text(o, "equal", text);
	return o;
}

static int print_mirror(const struct cmd *c, const struct vpart_mirror *m)
{
	struct json_object *o;

	if (c->json)
		return print_one(c, to_json(m));
	o = to_row(m);
	json_object_object_del(o, "legs");
	return print_one(c, o);
}

static int run_show(struct cmd *c)
{
	struct vpart_mirror *list, one;
	struct json_object *rows;
	size_t i, n;

	if (c->npos)
		return vpart_mirror_find(c->v, c->pos[0], &one) ? failed(c) :
		       print_mirror(c, &one);
	if (vpart_mirrors(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++)
		json_object_array_add(rows, c->json ? to_json(&list[i]) : to_row(&list[i]));
	free(list);
	return print_rows(c, rows, columns);
}

static int run_status(struct cmd *c)
{
	struct vpart_mirror *list = NULL, one;
	struct json_object *rows;
	int ret = EXIT_SUCCESS;
	size_t i, n = 1;

	if (c->npos ? vpart_mirror_find(c->v, c->pos[0], &one) : vpart_mirrors(c->v, &list, &n))
		return failed(c);
	rows = json_object_new_array();
	for (i = 0; i < n; i++) {
		const struct vpart_mirror *m = list ? &list[i] : &one;

		if (m->state != VPART_MIRROR_NORMAL)
			ret = EXIT_DEGRADED;
		json_object_array_add(rows, c->json ? to_json(m) : to_row(m));
	}
	free(list);
	if (c->json && c->npos) {
		print_one(c, json_object_get(json_object_array_get_idx(rows, 0)));
		json_object_put(rows);
	} else {
		print_rows(c, rows, columns);
	}
	return ret;
}

/**
 * struct progress - what was told last
 * @tty: one line that is written over
 * @told: what was told last
 * @state: state told last
 * @tenth: tenths of the way told last
 */
struct progress {
	bool			tty;
	char			told[64];
	enum vpart_mirror_state	state;
	int			tenth;
};

static void tell(const struct vpart_mirror *m, void *arg)
{
	struct progress *p = arg;
	char share[32], text[64];
	int tenth;

	share_text(m, share, sizeof(share));
	snprintf(text, sizeof(text), "%s, %s equal", vpart_mirror_state_name(m->state), share);
	/* A log wants each state, and a line for every tenth of the way. */
	tenth = m->total ? (int)(m->clean * 10 / m->total) : 0;
	if (!p->tty && p->state == m->state && p->tenth == tenth)
		return;
	p->state = m->state;
	p->tenth = tenth;
	if (!strcmp(text, p->told))
		return;
	snprintf(p->told, sizeof(p->told), "%s", text);
	fprintf(stderr, p->tty ? "\r%s: %-40s" : "%s: %s\n", m->name, text);
}

/* Wait until both legs hold everything, and show the mirror. */
static int wait_and_show(struct cmd *c, const char *name)
{
	struct progress p = { .tty = isatty(STDERR_FILENO), .tenth = -1 };
	uint32_t seconds = WAIT_DEFAULT;
	struct vpart_mirror m;
	int ret;

	if (word(c, "--timeout") &&
	    to_number(c, word(c, "--timeout"), "number of seconds", 1, 1000000, &seconds))
		return EXIT_USAGE;
	ret = vpart_mirror_wait(c->v, name, seconds * 1000, tell, &p);
	if (p.tty && p.told[0])
		fputc('\n', stderr);
	if (ret)
		return failed(c);
	if (vpart_mirror_find(c->v, name, &m))
		return failed(c);
	return done(c, to_json(&m), "mirror %s: both legs hold everything", name);
}

static int finish(struct cmd *c, const char *did)
{
	struct vpart_mirror m;
	char legs[2][128];

	if (word(c, "--wait"))
		return wait_and_show(c, c->pos[0]);
	if (vpart_mirror_find(c->v, c->pos[0], &m))
		return failed(c);
	leg_text(&m.legs[0], legs[0], sizeof(legs[0]));
	leg_text(&m.legs[1], legs[1], sizeof(legs[1]));
	return done(c, to_json(&m), "mirror %s %s: /dev/mapper/%s is %s (%s; %s)", m.name, did,
		    m.name, vpart_mirror_state_name(m.state), legs[0], legs[1]);
}

/* A mirror within one server does not survive it: allowed, but said. */
static void warn_one_server(struct cmd *c)
{
	struct vpart_mirror m;

	if (!vpart_mirror_find(c->v, c->pos[0], &m) && m.legs[0].server[0] &&
	    !strcmp(m.legs[0].server, m.legs[1].server))
		fprintf(stderr, "vpart: both legs are served by %s: its loss is the volume's\n",
			m.legs[0].server);
}

static int run_create(struct cmd *c)
{
	struct vpart_mirror_spec spec = {
		.name = c->pos[0],
		.legs = { c->pos[1], c->pos[2] },
		.assume_clean = word(c, "--assume-clean"),
	};

	if (vpart_mirror_create(c->v, &spec))
		return failed(c);
	warn_one_server(c);
	return finish(c, "is made");
}

static int run_start(struct cmd *c)
{
	struct vpart_mirror_spec spec = {
		.name = c->pos[0],
		.legs = { c->pos[1], c->npos > 2 ? c->pos[2] : "-" },
		.force_alone = word(c, "--force-alone"),
	};

	return vpart_mirror_start(c->v, &spec) ? failed(c) : finish(c, "is started");
}

static int run_stop(struct cmd *c)
{
	struct vpart_mirror m;

	if (vpart_mirror_find(c->v, c->pos[0], &m) || vpart_mirror_stop(c->v, c->pos[0]))
		return failed(c);
	return done(c, to_json(&m), "mirror %s is stopped; its data stays on the legs", m.name);
}

static int leg_number(const struct cmd *c, int *leg)
{
	const char *text = word(c, "leg");
	uint32_t n;

	if (!text)
		return usage(c, "which leg, 0 or 1?");
	if (to_number(c, text, "leg", 0, VPART_MIRROR_LEGS - 1, &n))
		return EXIT_USAGE;
	*leg = (int)n;
	return 0;
}

static int run_attach(struct cmd *c)
{
	int leg = 0;

	if (!word(c, "device") != !word(c, "leg"))
		return usage(c, "a new device needs both: leg and device");
	if (word(c, "leg") && leg_number(c, &leg))
		return EXIT_USAGE;
	if (vpart_mirror_attach(c->v, c->pos[0], leg, word(c, "device")))
		return failed(c);
	return finish(c, "looks for its legs");
}

static int run_fail(struct cmd *c)
{
	int leg;

	if (leg_number(c, &leg))
		return EXIT_USAGE;
	if (vpart_mirror_fail(c->v, c->pos[0], leg))
		return failed(c);
	return finish(c, "lost a leg");
}

static int run_resync(struct cmd *c)
{
	bool run = !strcmp(c->pos[1], "resume");

	if (!run && strcmp(c->pos[1], "pause"))
		return usage(c, "'%s' is neither pause nor resume", c->pos[1]);
	if (vpart_mirror_resync(c->v, c->pos[0], run))
		return failed(c);
	return finish(c, run ? "copies on" : "pauses copying");
}

static int run_wait(struct cmd *c)
{
	struct vpart_mirror m;

	return vpart_mirror_find(c->v, c->pos[0], &m) ? failed(c) : wait_and_show(c, c->pos[0]);
}

#define LEG_HELP	"  LEG    a LU's name (or lu:NAME), the disk of a link (link:NAME), or a block\n" \
			"         device (/dev/...)\n"
#define WAIT_HELP	"  --wait     until both legs hold everything, with progress\n" \
			"  --timeout  how long at most, seconds (3600)"

static const struct verb verbs[] = {
	{
		.name = "show", .args = "[NAME]", .max = 1, .run = run_show,
		.what = "Show all mirrors, or all that is known of one.",
		.example = "vpart mirror show vol",
	}, {
		.name = "create", .args = "NAME LEG LEG [--assume-clean] [--wait] [--timeout S]",
		.min = 3, .max = 3, .run = run_create,
		.words = { "--assume-clean", "--wait", "--timeout=" },
		.what = "Make a mirror of two legs, /dev/mapper/NAME. What they held is lost.",
		.more = LEG_HELP
			"  --assume-clean  the legs are known to be equal: copy nothing\n"
			WAIT_HELP,
		.example = "vpart mirror create vol d1 d2",
	}, {
		.name = "start", .args = "NAME LEG [LEG] [--force-alone] [--wait] [--timeout S]",
		.min = 2, .max = 3, .run = run_start,
		.words = { "--force-alone", "--wait", "--timeout=" },
		.what = "Start a mirror from its legs, or from one that may serve alone.",
		.more = LEG_HELP
			"  --force-alone  from one leg although the other may be newer: what only\n"
			"                 that one has is lost\n" WAIT_HELP,
		.example = "vpart mirror start vol d1 d2",
	}, {
		.name = "stop", .args = "NAME", .min = 1, .max = 1, .run = run_stop,
		.what = "Stop a mirror. Its data stays on the legs.",
		.example = "vpart mirror stop vol",
	}, {
		.name = "attach", .args = "NAME [leg 0|1 device LEG] [--wait] [--timeout S]",
		.min = 1, .max = 1, .run = run_attach,
		.words = { "leg=", "device=", "--wait", "--timeout=" },
		.what = "Take a returned leg back at once, or give a new device for it.",
		.more = LEG_HELP WAIT_HELP,
		.example = "vpart mirror attach vol --wait",
	}, {
		.name = "fail", .args = "NAME leg 0|1", .min = 1, .max = 1,
		.run = run_fail,
		.words = { "leg=" },
		.what = "Take a leg out of service.",
		.example = "vpart mirror fail vol leg 1",
	}, {
		.name = "resync", .args = "NAME pause|resume", .min = 2, .max = 2,
		.run = run_resync,
		.what = "Pause the copying to a leg, or let it go on.",
		.example = "vpart mirror resync vol pause",
	}, {
		.name = "wait", .args = "NAME [--timeout S]", .min = 1, .max = 1,
		.run = run_wait, .words = { "--timeout=" },
		.what = "Wait until both legs hold everything, with progress.",
		.more = "  --timeout  how long at most, seconds (3600)",
		.example = "vpart mirror wait vol --timeout 60",
	}, {
		.name = "status", .args = "[NAME]", .max = 1, .run = run_status,
		.what = "Show health: exit code 0 if all is normal, 4 if any mirror is not.",
		.example = "vpart mirror status vol || mail -s 'vol is degraded' root",
	}, { .name = NULL },
};

const struct noun mirror_noun = { "mirror", "volumes with a copy on each of two disks", verbs };
