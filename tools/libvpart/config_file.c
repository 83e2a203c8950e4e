// SPDX-License-Identifier: LGPL-2.1-or-later
/* A configuration as a file: JSON, for people to read, replaced as a whole */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "config.h"

#define VERSION_KEY	"vpart_config"
/* Far more than 1024 of each object need */
#define MAX_FILE	(8 << 20)
#define JSON_DEPTH	8

void config_init(struct config *c)
{
	memset(c, 0, sizeof(*c));
	c->nodes.size = sizeof(struct vpart_node);
	c->partitions.size = sizeof(struct vpart_partition);
	c->pairs.size = sizeof(struct vpart_pair);
	c->lus.size = sizeof(struct config_lu);
	c->maps.size = sizeof(struct config_map);
	c->attribs.size = sizeof(struct config_attrib);
	c->targets.size = sizeof(struct config_target);
	c->acls.size = sizeof(struct config_acl);
	c->acl_luns.size = sizeof(struct config_acl_lun);
	c->mirrors.size = sizeof(struct config_mirror);
}

void config_free(struct config *c)
{
	free(c->nodes.data);
	free(c->partitions.data);
	free(c->pairs.data);
	free(c->lus.data);
	free(c->maps.data);
	free(c->attribs.data);
	free(c->targets.data);
	free(c->acls.data);
	free(c->acl_luns.data);
	free(c->mirrors.data);
}

/* ---- reading ---- */

/**
 * struct reader - one object of the file while it is read
 * @v: gets the error
 * @file: name of the file
 * @where: the object, for people: "lus[3]"
 * @obj: the object
 * @taken: keys that were asked for; any other is a mistake
 * @ret: 0, or what was wrong first
 */
struct reader {
	struct vpart		*v;
	const char		*file;
	char			where[64];
	struct json_object	*obj;
	int			taken;
	int			ret;
};

__printf(2, 3)
static void wrong(struct reader *r, const char *fmt, ...)
{
	char text[256];
	va_list ap;

	if (r->ret)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	r->ret = vpart_fail(r->v, EINVAL, VPART_CODE_INVALID, "%.200s: %s%s%s", r->file, r->where,
			    r->where[0] ? ": " : "", text);
}

/* The value of a key, of the wanted type; NULL: wrong, or optional and not there. */
static struct json_object *value(struct reader *r, const char *key, enum json_type type,
				 bool optional)
{
	struct json_object *o = NULL;

	if (r->ret)
		return NULL;
	if (!json_object_object_get_ex(r->obj, key, &o)) {
		if (!optional)
			wrong(r, "\"%s\" is missing", key);
		return NULL;
	}
	r->taken++;
	if (!o && optional)
		return NULL;
	if (!json_object_is_type(o, type)) {
		wrong(r, "\"%s\" is no %s", key, json_type_to_name(type));
		return NULL;
	}
	return o;
}

static void text_value(struct reader *r, const char *key, char *dst, size_t size, bool optional)
{
	struct json_object *o = value(r, key, json_type_string, optional);
	const char *text;
	size_t len, i;

	dst[0] = 0;
	if (!o)
		return;
	text = json_object_get_string(o);
	len = (size_t)json_object_get_string_len(o);
	for (i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			break;
	if (i < len)
		wrong(r, "\"%s\" has a character that does not belong there", key);
	else if (len >= size)
		wrong(r, "\"%s\" is longer than %zu bytes", key, size - 1);
	else
		memcpy(dst, text, len + 1);
}

static void name_value(struct reader *r, const char *key, char dst[VPART_NAME_SIZE], bool optional)
{
	text_value(r, key, dst, VPART_NAME_SIZE, optional);
	if (!r->ret && !vpart_name_valid(dst) && !(optional && !dst[0]))
		wrong(r, "\"%s\" is no name: '%s'", key, dst);
}

static void uuid_value(struct reader *r, const char *key, uint8_t uuid[VPART_UUID_SIZE])
{
	char text[VPART_UUID_TEXT];

	text_value(r, key, text, sizeof(text), false);
	if (!r->ret && (vpart_uuid_parse(text, uuid) || vpart_uuid_is_null(uuid)))
		wrong(r, "\"%s\" is no UUID: '%s'", key, text);
}

static uint64_t number_value(struct reader *r, const char *key, uint64_t min, uint64_t max)
{
	struct json_object *o = value(r, key, json_type_int, false);
	int64_t n;

	if (!o)
		return 0;
	n = json_object_get_int64(o);
	if (n < 0 || (uint64_t)n < min || (uint64_t)n > max) {
		wrong(r, "\"%s\" is %lld: a number from %llu to %llu is wanted", key, (long long)n,
		      (unsigned long long)min, (unsigned long long)max);
		return 0;
	}
	return (uint64_t)n;
}

static bool bool_value(struct reader *r, const char *key)
{
	struct json_object *o = value(r, key, json_type_boolean, true);

	return o && json_object_get_boolean(o);
}

/* Every key was asked for? A key that nobody knows is a slip of the pen. */
static void no_more(struct reader *r)
{
	if (!r->ret && r->taken != json_object_object_length(r->obj))
		wrong(r, "there is a key that is not known here");
}

/* Read each object of the array at @key by @each; @arg: for it. */
static void array(struct reader *r, const char *key, bool optional,
		  void (*each)(struct reader *r, struct config *c, size_t arg),
		  struct config *c, size_t arg)
{
	struct json_object *list = value(r, key, json_type_array, optional);
	size_t i, n = list ? json_object_array_length(list) : 0;
	struct reader in = { .v = r->v, .file = r->file };

	for (i = 0; i < n && !r->ret; i++) {
		snprintf(in.where, sizeof(in.where), "%.30s%s%s[%zu]", r->where,
			 r->where[0] ? "." : "", key, i);
		in.obj = json_object_array_get_idx(list, i);
		in.taken = 0;
		in.ret = 0;
		if (json_object_is_type(in.obj, json_type_object)) {
			each(&in, c, arg);
			no_more(&in);
		} else {
			wrong(&in, "this is no object");
		}
		r->ret = in.ret;
	}
}

/* Room for one more of a list; NULL: the error is recorded. */
static void *more(struct reader *r, struct vpart_list *l)
{
	void *e = vpart_list_add(l);

	if (!e)
		r->ret = vpart_no_memory(r->v);
	return e;
}

static void read_node(struct reader *r, struct config *c, size_t arg)
{
	struct vpart_node *n = more(r, &c->nodes);

	(void)arg;
	if (!n)
		return;
	name_value(r, "name", n->name, false);
	n->id = (uint32_t)number_value(r, "id", 1, INT32_MAX);
	uuid_value(r, "uuid", n->uuid);
}

static void read_partition(struct reader *r, struct config *c, size_t arg)
{
	struct vpart_partition *p = more(r, &c->partitions);
	char role[8];

	(void)arg;
	if (!p)
		return;
	name_value(r, "name", p->name, false);
	p->id = (uint32_t)number_value(r, "id", 1, INT32_MAX);
	uuid_value(r, "uuid", p->uuid);
	name_value(r, "node", p->node, false);
	text_value(r, "role", role, sizeof(role), false);
	if (!strcmp(role, "client"))
		p->role = VPART_ROLE_CLIENT;
	else if (!strcmp(role, "vios"))
		p->role = VPART_ROLE_VIOS;
	else
		wrong(r, "\"role\" is '%s': client or vios is wanted", role);
	p->pool = (uint32_t)number_value(r, "pool", 1, UINT16_MAX);
}

static void read_acl_lun(struct reader *r, struct config *c, size_t acl)
{
	struct config_acl_lun *l = more(r, &c->acl_luns);

	if (!l)
		return;
	l->acl = acl;
	l->seen = (uint32_t)number_value(r, "lun", 0, VPART_LUN_MAX);
	l->lun = (uint32_t)number_value(r, "of", 0, VPART_LUN_MAX);
	l->read_only = bool_value(r, "read_only");
}

static void read_acl(struct reader *r, struct config *c, size_t pair)
{
	const struct vpart_pair *p = (struct vpart_pair *)c->pairs.data + pair;
	struct config_acl *a = more(r, &c->acls);
	size_t index = c->acls.n - 1;

	if (!a)
		return;
	vpart_copy(a->pair, sizeof(a->pair), p->name);
	text_value(r, "initiator", a->initiator, sizeof(a->initiator), false);
	if (!r->ret && !a->initiator[0])
		wrong(r, "\"initiator\" is empty");
	if (strpbrk(a->initiator, "/ ") || a->initiator[0] == '.')
		wrong(r, "\"initiator\" is no name of a port: '%s'", a->initiator);
	array(r, "luns", true, read_acl_lun, c, index);
}

/* The end that is here: both, if it is not said. */
static void read_side(struct reader *r, struct vpart_pair *p)
{
	char side[8];

	text_value(r, "side", side, sizeof(side), true);
	p->ends = !side[0] ? VPART_END_BOTH :
		  !strcmp(side, "client") ? VPART_END_CLIENT : VPART_END_SERVER;
	if (p->ends == VPART_END_SERVER && strcmp(side, "server"))
		wrong(r, "\"side\" is '%s': client or server is wanted", side);
}

static void read_slots(struct reader *r, struct vpart_pair *p)
{
	if (p->ends & VPART_END_CLIENT)
		p->client_slot = (uint32_t)number_value(r, "client_slot", 1, UINT16_MAX);
	if (p->ends & VPART_END_SERVER)
		p->server_slot = (uint32_t)number_value(r, "server_slot", 1, UINT16_MAX);
}

/* What a virtual port has of its own; config_inherit() adds the rest. */
static void read_vport(struct reader *r, struct vpart_pair *p)
{
	char port_name[VPART_PORT_NAME_TEXT];

	text_value(r, "port_name", port_name, sizeof(port_name), false);
	if (!r->ret && vpart_port_name_parse(port_name, &p->port_name))
		wrong(r, "\"port_name\" is '%s': 16 hexadecimal digits are wanted, the first 2, 3 or 5",
		      port_name);
	text_value(r, "address", p->address, sizeof(p->address), true);
}

/* What only a link to another kernel has; a pair within one has no side. */
static void read_link(struct reader *r, struct vpart_pair *p)
{
	char digest[8];

	if (p->ends == VPART_END_BOTH)
		return;
	text_value(r, "address", p->address, sizeof(p->address), false);
	if (!r->ret && !p->address[0])
		wrong(r, "\"address\" is empty");
	text_value(r, "key", p->key, sizeof(p->key), true);
	text_value(r, "digest", digest, sizeof(digest), false);
	if (!r->ret && vpart_digest_parse(digest, &p->digest))
		wrong(r, "\"digest\" is '%s': none, header, data or all is wanted", digest);
	/* Earlier versions of this program did not write it, nor does this one a 0. */
	if (json_object_object_get_ex(r->obj, "poll", NULL))
		p->poll = (uint32_t)number_value(r, "poll", 1, VPART_POLL_MAX);
	text_value(r, "netns", p->netns, sizeof(p->netns), true);
}

static void read_pair(struct reader *r, struct config *c, size_t arg)
{
	struct vpart_pair *p = more(r, &c->pairs);
	size_t index = c->pairs.n - 1;
	struct config_acl *closed;
	char name[VPART_NAME_SIZE];
	struct config_target *t;
	size_t i;

	(void)arg;
	if (!p)
		return;
	name_value(r, "name", p->name, false);
	vpart_copy(name, sizeof(name), p->name);
	p->id = (uint32_t)number_value(r, "id", 1, INT32_MAX);
	name_value(r, "parent", p->parent, true);
	read_side(r, p);
	read_slots(r, p);
	if (p->parent[0]) {
		read_vport(r, p);
	} else {
		read_link(r, p);
		if (p->ends == VPART_END_BOTH)
			p->copy = bool_value(r, "copy");
		name_value(r, "client", p->client, false);
		name_value(r, "server", p->server, false);
		name_value(r, "fabric", p->fabric, false);
		p->path_loss = (uint32_t)number_value(r, "path_loss", VPART_PATH_LOSS_MIN,
						      VPART_PATH_LOSS_MAX);
	}
	for (i = 0; i < CONFIG_TARGET_ATTRIBS; i++) {
		t = bool_value(r, config_target_attribs[i]) ? more(r, &c->targets) : NULL;
		if (!t)
			continue;
		vpart_copy(t->pair, sizeof(t->pair), name);
		t->attrib = i;
	}
	if (bool_value(r, "only_acls")) {
		closed = more(r, &c->acls);
		if (closed)
			vpart_copy(closed->pair, sizeof(closed->pair), name);
	}
	array(r, "acls", true, read_acl, c, index);
}

static void read_device(struct reader *r, struct config_device *d)
{
	char kind[8];

	text_value(r, "device", d->path, sizeof(d->path), false);
	if (!r->ret && d->path[0] != '/')
		wrong(r, "\"device\" is no path: '%.100s'", d->path);
	text_value(r, "identity", d->id, sizeof(d->id), true);
	text_value(r, "kind", kind, sizeof(kind), false);
	d->file = !strcmp(kind, "file");
	if (!d->file && strcmp(kind, "block"))
		wrong(r, "\"kind\" is '%s': block or file is wanted", kind);
	d->bytes = number_value(r, "bytes", 1, INT64_MAX);
}

static void read_map(struct reader *r, struct config *c, size_t lu)
{
	struct config_map *m = more(r, &c->maps);
	char access[16];

	if (!m)
		return;
	m->lu = lu;
	name_value(r, "adapter", m->pair, false);
	m->lun = (uint32_t)number_value(r, "lun", 0, VPART_LUN_MAX);
	/* Earlier versions of this program wrote neither. */
	if (json_object_object_get_ex(r->obj, "port", NULL))
		m->port = (uint16_t)number_value(r, "port", 1, UINT16_MAX);
	if (json_object_object_get_ex(r->obj, "direct", NULL))
		m->direct = bool_value(r, "direct");
	text_value(r, "access", access, sizeof(access), true);
	m->access = VPART_ACCESS_ANY;
	if (!r->ret && access[0] && vpart_access_parse(access, &m->access))
		wrong(r, "\"access\" is '%s': optimized, non-optimized, standby or unavailable is wanted",
		      access);
}

static void read_attrib(struct reader *r, struct config *c, size_t lu)
{
	struct config_attrib *a = more(r, &c->attribs);

	if (!a)
		return;
	a->lu = lu;
	text_value(r, "name", a->name, sizeof(a->name), false);
	if (!r->ret && !vpart_name_valid(a->name))
		wrong(r, "\"name\" is no attribute: '%s'", a->name);
	a->value = (uint32_t)number_value(r, "value", 0, UINT32_MAX);
}

static void read_lu(struct reader *r, struct config *c, size_t arg)
{
	struct config_lu *lu = more(r, &c->lus);
	size_t index = c->lus.n - 1;

	(void)arg;
	if (!lu)
		return;
	name_value(r, "name", lu->name, false);
	uuid_value(r, "uuid", lu->uuid);
	read_device(r, &lu->device);
	array(r, "at", false, read_map, c, index);
	array(r, "attributes", true, read_attrib, c, index);
}

static void read_leg(struct reader *r, struct config *c, size_t mirror)
{
	struct config_mirror *m = (struct config_mirror *)c->mirrors.data + mirror;
	struct config_leg *leg = m->legs;

	/* The first that is still empty; more than two are counted before. */
	while (leg < m->legs + VPART_MIRROR_LEGS - 1 &&
	       (leg->missing || leg->lu[0] || leg->device.path[0]))
		leg++;
	leg->missing = bool_value(r, "missing");
	if (leg->missing)
		return;
	name_value(r, "lu", leg->lu, true);
	if (!leg->lu[0])
		read_device(r, &leg->device);
}

static void read_mirror(struct reader *r, struct config *c, size_t arg)
{
	struct config_mirror *m = more(r, &c->mirrors);
	struct json_object *legs;

	(void)arg;
	if (!m)
		return;
	name_value(r, "name", m->name, false);
	uuid_value(r, "uuid", m->uuid);
	m->manual_attach = bool_value(r, "manual_attach");
	if (json_object_object_get_ex(r->obj, "legs", &legs) &&
	    json_object_is_type(legs, json_type_array) &&
	    json_object_array_length(legs) != VPART_MIRROR_LEGS)
		wrong(r, "it has %zu legs, not %d", json_object_array_length(legs),
		      VPART_MIRROR_LEGS);
	array(r, "legs", false, read_leg, c, c->mirrors.n - 1);
}

static int read_config(struct vpart *v, const char *file, struct json_object *top,
		       struct config *c)
{
	struct reader r = { .v = v, .file = file, .obj = top };
	uint64_t version;

	if (!json_object_is_type(top, json_type_object)) {
		wrong(&r, "this is no configuration of vpart");
		return r.ret;
	}
	version = number_value(&r, VERSION_KEY, 1, INT32_MAX);
	if (!r.ret && version > CONFIG_VERSION)
		wrong(&r, "a newer vpart has made it: version %llu, known is %d",
		      (unsigned long long)version, CONFIG_VERSION);
	array(&r, "nodes", false, read_node, c, 0);
	array(&r, "partitions", false, read_partition, c, 0);
	array(&r, "adapters", false, read_pair, c, 0);
	array(&r, "lus", false, read_lu, c, 0);
	array(&r, "mirrors", false, read_mirror, c, 0);
	no_more(&r);
	return r.ret ? r.ret : config_inherit(v, c);
}

/* The whole file as text; a FIFO, a device or a huge file is none of ours. */
static int slurp(struct vpart *v, const char *file, char **text, size_t *len)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	ssize_t got;
	int ret = 0;

	*text = NULL;
	if (fd < 0 || fstat(fd, &st)) {
		ret = vpart_fail(v, errno,
				 errno == ENOENT ? VPART_CODE_NOT_FOUND : VPART_CODE_FAILED,
				 "%s: %s", file, strerror(errno));
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > MAX_FILE) {
		ret = vpart_fail(v, EINVAL, VPART_CODE_INVALID,
				 "%s: no configuration: %s", file,
				 S_ISREG(st.st_mode) ? "too large" : "no regular file");
		goto out;
	}
	*text = malloc(MAX_FILE + 1);
	if (!*text) {
		ret = vpart_no_memory(v);
		goto out;
	}
	*len = 0;
	do {
		got = read(fd, *text + *len, MAX_FILE + 1 - *len);
		if (got > 0)
			*len += (size_t)got;
	} while (got > 0 && *len <= MAX_FILE);
	if (got < 0)
		ret = vpart_fail(v, errno, VPART_CODE_FAILED, "%s: %s", file, strerror(errno));
	else if (*len > MAX_FILE)
		ret = vpart_fail(v, EINVAL, VPART_CODE_INVALID, "%s: too large", file);
out:
	if (fd >= 0)
		close(fd);
	return ret;
}

/* Read a file into @c, which config_init() made; nothing of it is believed yet. */
int config_read(struct vpart *v, const char *file, struct config *c)
{
	struct json_tokener *tok = json_tokener_new_ex(JSON_DEPTH);
	struct json_object *top = NULL;
	enum json_tokener_error err;
	char *text = NULL;
	size_t len = 0;
	int ret;

	if (!tok)
		return vpart_no_memory(v);
	ret = slurp(v, file, &text, &len);
	if (ret)
		goto out;
	json_tokener_set_flags(tok, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	top = json_tokener_parse_ex(tok, text, (int)len);
	err = json_tokener_get_error(tok);
	/* White space may follow, nothing else. */
	if (err == json_tokener_success &&
	    strspn(text + json_tokener_get_parse_end(tok), " \t\r\n") !=
	    len - json_tokener_get_parse_end(tok))
		err = json_tokener_error_parse_unexpected;
	if (err != json_tokener_success) {
		ret = vpart_fail(v, EINVAL, VPART_CODE_INVALID, "%s: no JSON: %s at byte %zu", file,
				 err == json_tokener_continue ? "it ends too early" :
				 json_tokener_error_desc(err), json_tokener_get_parse_end(tok));
		goto out;
	}
	ret = read_config(v, file, top, c);
out:
	json_object_put(top);
	json_tokener_free(tok);
	free(text);
	return ret;
}
