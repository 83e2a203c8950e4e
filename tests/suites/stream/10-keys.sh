#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
# summary: the keyring of the links' keys: who fills it, who reads it, how a key is changed
# kernel: debug
# kernels: +7.2
# leaks: whole
. /src/tests/lib/guest.sh

key=/tmp/key other=/tmp/other
head -c 32 /dev/urandom >$key
head -c 32 /dev/urandom >$other

ring() { keyctl rlist %:.vpart; }
listed() { keyctl show %:.vpart | grep -q " logon: vpart:$1$"; }
unlisted() { ! listed "$1"; }
load() { keyctl padd logon "vpart:$1" %:.vpart <"$2"; }	# NAME FILE
# As another than root.
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$@"; }
# In a session that has the keyring, and so possesses its keys.
possessing() { keyctl session - sh -c "keyctl link %:.vpart @s && $1"; }

t "vpart_stream is loaded, and vpart_auth with it" mods vpart_stream
t "P9 it has a keyring" ring
id=$(keyctl id %:.vpart)
is "P9 which is empty" "$(ring)" ""

t "P9 root loads a key" load client1 $key
t "P9 it is listed" listed client1
fails "P9 root does not read it" 'denied|not supported' keyctl pipe %logon:vpart:client1
fails "P9 nor who possesses it" 'denied|not supported' possessing 'keyctl pipe %logon:vpart:client1'
fails "P9 another user does not find the keyring" "find" nobody keyctl rlist %:.vpart
fails "P9 nor lists it by its number" 'denied' nobody keyctl rlist "$id"
# shellcheck disable=SC2016 # for the shell that is started
fails "P9 nor puts a key in" 'denied' nobody sh -c 'keyctl add logon vpart:client2 0123456789abcdef '"$id"
fails "P9 nor takes one out" 'denied' nobody keyctl clear "$id"
fails "P9 nobody makes a keyring of that name" 'not permitted' keyctl newring .vpart @u

fails "P9 who does not possess a key does not overwrite it" 'denied' load client1 $other
t "P9 it is replaced in one step by who does" possessing "keyctl padd logon vpart:client1 %:.vpart <$other"
t "P9 an end can be set to it" possessing 'keyctl timeout %logon:vpart:client1 3600'
t "P9 it is revoked" possessing 'keyctl revoke %logon:vpart:client1'
t "P9 one that is revoked is listed no more" unlisted client1
t "P9 another can be loaded in its place" load client1 $key
t "P9 root takes one out without possessing it" keyctl unlink %logon:vpart:client1 %:.vpart
t "P9 then it is gone" unlisted client1
t "P9 and may come again" load client1 $key

t "vpart_stream and vpart_auth are unloaded" rmmod vpart_stream vpart_auth
fails "P9 with its keyring" "find" ring
t "P9 and the keys" eval '! grep -q vpart: /proc/keys'
t "vpart_stream is loaded again" mods vpart_stream
is "P9 the keyring is empty again" "$(ring)" ""
t "vpart_stream and vpart_auth are unloaded again" rmmod vpart_stream vpart_auth
kmemleak_check
done_testing
