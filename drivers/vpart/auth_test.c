// SPDX-License-Identifier: GPL-2.0
/*
 * KUnit: keys of the stream fabric and what they sign.
 */
#include <kunit/test.h>
#include <linux/key.h>
#include <linux/string.h>

#include "auth.h"

/* RFC 4231; its cases 2 and 5 have shorter keys or results than we take. */
static const struct {
	u8 key_byte, key_len;	/* 0: counts from 1 */
	const char *text;	/* NULL: fifty of @byte */
	u8 byte;
	u8 mac[VPART_MAC_SIZE];
} vectors[] = { {	/* case 1 */
	.key_byte = 0x0b, .key_len = 20, .text = "Hi There",
	.mac = { 0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53,
		 0x5c, 0xa8, 0xaf, 0xce, 0xaf, 0x0b, 0xf1, 0x2b,
		 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83, 0x3d, 0xa7,
		 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7 },
}, {	/* case 3 */
	.key_byte = 0xaa, .key_len = 20, .byte = 0xdd,
	.mac = { 0x77, 0x3e, 0xa9, 0x1e, 0x36, 0x80, 0x0e, 0x46,
		 0x85, 0x4d, 0xb8, 0xeb, 0xd0, 0x91, 0x81, 0xa7,
		 0x29, 0x59, 0x09, 0x8b, 0x3e, 0xf8, 0xc1, 0x22,
		 0xd9, 0x63, 0x55, 0x14, 0xce, 0xd5, 0x65, 0xfe },
}, {	/* case 4 */
	.key_len = 25, .byte = 0xcd,
	.mac = { 0x82, 0x55, 0x8a, 0x38, 0x9a, 0x44, 0x3c, 0x0e,
		 0xa4, 0xcc, 0x81, 0x98, 0x99, 0xf2, 0x08, 0x3a,
		 0x85, 0xf0, 0xfa, 0xa3, 0xe5, 0x78, 0xf8, 0x07,
		 0x7a, 0x2e, 0x3f, 0xf4, 0x67, 0x29, 0x66, 0x5b },
}, {	/* case 6 */
	.key_byte = 0xaa, .key_len = 131,
	.text = "Test Using Larger Than Block-Size Key - Hash Key First",
	.mac = { 0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f,
		 0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f,
		 0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14,
		 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54 },
}, {	/* case 7 */
	.key_byte = 0xaa, .key_len = 131,
	.text = "This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.",
	.mac = { 0x9b, 0x09, 0xff, 0xa7, 0x1b, 0x94, 0x2f, 0xcb,
		 0x27, 0x63, 0x5f, 0xbc, 0xd5, 0xb0, 0xe9, 0x44,
		 0xbf, 0xdc, 0x63, 0x64, 0x4f, 0x07, 0x13, 0x93,
		 0x8a, 0x7f, 0x51, 0x53, 0x5c, 0x3a, 0x35, 0xe2 },
} };

/* Puts a key in, or another in its place; returned with a reference. */
static struct key *put_key(struct kunit *test, const char *desc, const void *key, size_t len)
{
	key_ref_t ref = key_create_or_update(make_key_ref(vpart_keys_ring(), true), "logon",
					     desc, key, len, KEY_PERM_UNDEF,
					     KEY_ALLOC_NOT_IN_QUOTA);

	KUNIT_ASSERT_FALSE(test, IS_ERR(ref));
	return key_ref_to_ptr(ref);
}

static int mac_of_text(const char *name, const char *text, u8 *mac)
{
	return vpart_mac(name, text, strlen(text), NULL, 0, mac);
}

static void mac_vectors(struct kunit *test)
{
	u8 key[131], data[50], mac[VPART_MAC_SIZE];
	const char *text;
	size_t len, cut;
	struct kvec parts[2];
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(vectors); i++) {
		for (k = 0; k < vectors[i].key_len; k++)
			key[k] = vectors[i].key_byte ?: k + 1;
		key_put(put_key(test, "vpart:rfc", key, vectors[i].key_len));
		memset(data, vectors[i].byte, sizeof(data));
		text = vectors[i].text ?: (const char *)data;
		len = vectors[i].text ? strlen(text) : sizeof(data);
		/* It does not matter how it is cut. */
		for (cut = 0; cut <= len; cut++) {
			parts[0].iov_base = (void *)text + cut / 2;
			parts[0].iov_len = cut - cut / 2;
			parts[1].iov_base = (void *)text + cut;
			parts[1].iov_len = len - cut;
			KUNIT_ASSERT_EQ(test, vpart_mac("rfc", text, cut / 2, parts, 2, mac), 0);
			KUNIT_ASSERT_EQ(test, memcmp(mac, vectors[i].mac, sizeof(mac)), 0);
		}
	}
}

static void mac_equal(struct kunit *test)
{
	u8 a[VPART_MAC_SIZE], b[VPART_MAC_SIZE];
	unsigned int bit;

	memset(a, 0x5a, sizeof(a));
	memcpy(b, a, sizeof(b));
	KUNIT_EXPECT_TRUE(test, vpart_mac_equal(a, b));
	for (bit = 0; bit < 8 * VPART_MAC_SIZE; bit++) {
		b[bit / 8] ^= 1 << bit % 8;
		KUNIT_EXPECT_FALSE(test, vpart_mac_equal(a, b));
		b[bit / 8] ^= 1 << bit % 8;
	}
}

static void key_found(struct kunit *test)
{
	static const u8 one[VPART_KEY_MAX + 1] = { 1 }, two[VPART_KEY_MIN] = { 2 };
	u8 mac[VPART_MAC_SIZE], other[VPART_MAC_SIZE];

	KUNIT_EXPECT_EQ(test, vpart_key_check("a"), -ENOKEY);
	KUNIT_EXPECT_EQ(test, mac_of_text("a", "x", mac), -ENOKEY);
	KUNIT_EXPECT_EQ(test, vpart_key_check(""), -ENOKEY);

	/* Of the right name, in length as it should be. */
	key_put(put_key(test, "vpart:a", one, VPART_KEY_MIN));
	KUNIT_EXPECT_EQ(test, vpart_key_check("a"), 0);
	KUNIT_EXPECT_EQ(test, vpart_key_check("ab"), -ENOKEY);
	KUNIT_EXPECT_EQ(test, vpart_key_check("A"), -ENOKEY);
	KUNIT_EXPECT_EQ(test, mac_of_text("a", "x", mac), 0);
	key_put(put_key(test, "vpart:b", one, VPART_KEY_MIN - 1));
	KUNIT_EXPECT_EQ(test, vpart_key_check("b"), -EKEYREJECTED);
	KUNIT_EXPECT_EQ(test, mac_of_text("b", "x", other), -EKEYREJECTED);
	key_put(put_key(test, "vpart:b", one, VPART_KEY_MAX));
	KUNIT_EXPECT_EQ(test, vpart_key_check("b"), 0);
	KUNIT_EXPECT_EQ(test, mac_of_text("b", "x", other), 0);
	KUNIT_EXPECT_FALSE(test, vpart_mac_equal(mac, other));
	key_put(put_key(test, "vpart:b", one, VPART_KEY_MAX + 1));
	KUNIT_EXPECT_EQ(test, vpart_key_check("b"), -EKEYREJECTED);

	/* No longer name than an object may have: never another's by being cut. */
	key_put(put_key(test, "vpart:1234567890123456789012345678901", two, sizeof(two)));
	KUNIT_EXPECT_EQ(test, vpart_key_check("1234567890123456789012345678901"), 0);
	KUNIT_EXPECT_EQ(test, vpart_key_check("12345678901234567890123456789012"), -ENOKEY);

	/* Another's key of that name is none of ours. */
	key_put(put_key(test, "nvme:c", two, sizeof(two)));
	KUNIT_EXPECT_EQ(test, vpart_key_check("c"), -ENOKEY);

	/* Replaced: the next MAC is with the new one, and the same again with the old. */
	key_put(put_key(test, "vpart:a", two, sizeof(two)));
	KUNIT_EXPECT_EQ(test, mac_of_text("a", "x", other), 0);
	KUNIT_EXPECT_FALSE(test, vpart_mac_equal(mac, other));
	key_put(put_key(test, "vpart:a", one, VPART_KEY_MIN));
	KUNIT_EXPECT_EQ(test, mac_of_text("a", "x", other), 0);
	KUNIT_EXPECT_TRUE(test, vpart_mac_equal(mac, other));
	KUNIT_EXPECT_EQ(test, mac_of_text("a", "y", other), 0);
	KUNIT_EXPECT_FALSE(test, vpart_mac_equal(mac, other));
}

static void key_ends(struct kunit *test)
{
	static const u8 bytes[VPART_KEY_MIN] = { 1 };
	u8 mac[VPART_MAC_SIZE];
	struct key *key;

	key = put_key(test, "vpart:revoked", bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, mac_of_text("revoked", "x", mac), 0);
	key_revoke(key);
	KUNIT_EXPECT_EQ(test, vpart_key_check("revoked"), -EKEYREVOKED);
	KUNIT_EXPECT_EQ(test, mac_of_text("revoked", "x", mac), -EKEYREVOKED);
	key_put(key);
	/* A new one in its place is a key again. */
	key_put(put_key(test, "vpart:revoked", bytes, sizeof(bytes)));
	KUNIT_EXPECT_EQ(test, vpart_key_check("revoked"), 0);

	key = put_key(test, "vpart:expired", bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, mac_of_text("expired", "x", mac), 0);
	WRITE_ONCE(key->expiry, 1);	/* a second past the epoch */
	KUNIT_EXPECT_EQ(test, vpart_key_check("expired"), -EKEYEXPIRED);
	KUNIT_EXPECT_EQ(test, mac_of_text("expired", "x", mac), -EKEYEXPIRED);
	key_put(key);

	key = put_key(test, "vpart:gone", bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, key_unlink(vpart_keys_ring(), key), 0);
	KUNIT_EXPECT_EQ(test, vpart_key_check("gone"), -ENOKEY);
	key_put(key);
}

/* Kernels before 6.8 run the cases before the module's init, later ones after it. */
static bool auth_test_owns;

static int vpart_auth_begin(struct kunit_suite *suite)
{
	int err;

	if (vpart_keys_ring())
		return 0;
	err = vpart_keys_init();
	auth_test_owns = !err;
	return err;
}

/* Each allocation of the init fails once; then it is tried again. */
static void key_no_memory(struct kunit *test)
{
#ifdef CONFIG_FAULT_INJECTION
	int nth, left, err = 0, failed = 0;

	if (!auth_test_owns)
		kunit_skip(test, "the module's own keyring is there");
	for (nth = 1, left = 0; !left && nth < 200; nth++) {
		if (!err)
			vpart_keys_exit();
		current->fail_nth = nth;
		err = vpart_keys_init();
		left = current->fail_nth;
		current->fail_nth = 0;
		KUNIT_EXPECT_EQ(test, !err, !!vpart_keys_ring());
		failed += !!err;
	}
	KUNIT_EXPECT_EQ(test, err, 0);
	if (!failed)
		kunit_skip(test, "no allocation can be made to fail");
#else
	kunit_skip(test, "no allocation can be made to fail");
#endif
}

static void vpart_auth_end(struct kunit_suite *suite)
{
	keyring_clear(vpart_keys_ring());
	if (auth_test_owns)
		vpart_keys_exit();
	auth_test_owns = false;
}

static struct kunit_case vpart_auth_cases[] = {
	KUNIT_CASE(mac_vectors),
	KUNIT_CASE(mac_equal),
	KUNIT_CASE(key_found),
	KUNIT_CASE(key_ends),
	KUNIT_CASE(key_no_memory),
	{}
};

static struct kunit_suite vpart_auth_suite = {
	.name		= "vpart-auth",
	.suite_init	= vpart_auth_begin,
	.suite_exit	= vpart_auth_end,
	.test_cases	= vpart_auth_cases,
};

kunit_test_suite(vpart_auth_suite);
