// SPDX-License-Identifier: GPL-2.0
/*
 * power null_blk|nbd SEED ROUNDS SECONDS: power cuts of such disks. Each round runs
 * a load on the mirror, cuts the power of one leg after the other or of both at
 * once, brings it back, and examines what is left. Ends after ROUNDS, or SECONDS.
 *
 * A leg that was cut alone comes back only after the mirror has noticed: what
 * was in its cache is lost without an error (see the known limits of vmirror).
 * For the same reason the last leg is never brought back under a live mirror.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"

static const struct disks *disks;
static struct media *leg[LEGS];
static unsigned char *content;
static bool powered[LEGS];
static int serves_alone = -1;	/* this leg, and writes were acknowledged since */
static struct {
	unsigned long rounds, together, successive, returns, during_resync, alone_after;
} count;

/* --- the legs --- */

static void power_on(unsigned int i)
{
	disks->on(i);
	powered[i] = true;
}

static void power_off(unsigned int i)
{
	if (powered[i])
		disks->off(i);
	powered[i] = false;
}

static void leg_params(unsigned int i, char *params, size_t size)
{
	snprintf(params, size, "%s%u 0", disks->path, i);
}

static void make_leg(unsigned int i)
{
	char params[64];

	disks->make(i);
	power_on(i);
	leg_params(i, params, sizeof(params));
	if (dm_create(leg_name[i]) || dm_load(leg_name[i], LEG_SECTORS, "linear", params) ||
	    dm_resume(leg_name[i]))
		die("%s cannot be made over %s", leg_name[i], params);
}

static void swap_leg(unsigned int i, const char *target, const char *params)
{
	if (dm_swap(leg_name[i], LEG_SECTORS, target, params))
		die("%s cannot become %s %s", leg_name[i], target, params);
}

/* The old device is let go first: dm would find it again by its number. */
static void leg_returns(unsigned int i)
{
	char params[64];

	swap_leg(i, "error", "");
	power_on(i);
	leg_params(i, params, sizeof(params));
	swap_leg(i, "linear", params);
}

/* --- the ends of a round --- */

/* One instant for both: nothing passes any more, then the power goes. */
static void cut_together(void)
{
	unsigned int i, first = below(LEGS);

	may_fail = true;
	for (i = 0; i < LEGS; i++)
		if (dm_suspend(leg_name[i ^ first], false))
			die("a leg cannot be suspended");
	for (i = 0; i < LEGS; i++)
		power_off(i);
	for (i = 0; i < LEGS; i++)
		if (dm_load(leg_name[i], LEG_SECTORS, "error", "") || dm_resume(leg_name[i]))
			die("a leg cannot become error");
	count.together++;
}

/* One dies a moment before the other, which may or may not get its record. */
static void cut_in_turn(void)
{
	unsigned int first = below(LEGS);

	may_fail = !powered[0] || !powered[1] || !mirror_in("normal");
	power_off(first);
	if (chance(70))
		pause_us(below(4000));
	may_fail = true;
	power_off(!first);
	count.successive++;
}

/* The host is gone too: what the mirror still knew is lost with it. */
static void host_ends(void)
{
	load_close();
	mirror_stop();
}

/* --- what comes before the end --- */

static void noticed(unsigned int lost)
{
	uint64_t end = now_us() + LIMIT_MS * 1000ULL;
	struct status s;

	for (;;) {
		load_run(4);
		mirror_status(&s);
		if (!strcmp(s.state, "degraded") && s.flag[lost] == 'F')
			break;
		if (now_us() > end)
			fail("V10 leg %u is dead, but the mirror says %s %c%c", lost, s.state,
			     s.flag[0], s.flag[1]);
	}
	serves_alone = !lost;
}

/* Long enough for the regions to be cleaned: what comes then must not rely on old bits. */
static void rest(void)
{
	if (chance(50)) {
		load_drain();
		pause_us(clean_ms * 3000);
	}
}

/* A leg is lost and comes back; a resync is under way when this returns. */
static void lose_and_return(unsigned int lost)
{
	rest();
	power_off(lost);
	noticed(lost);
	load_run(below(60));
	if (chance(50))
		mix.spread = 1 + below(BLOCKS);
	load_run(below(60));
	leg_returns(lost);
	serves_alone = -1;
	mirror_message("attach");
	count.returns++;
}

static void play(unsigned int plan)
{
	unsigned int lost = below(LEGS);

	load_run(20 + below(120));
	switch (plan) {
	case 0:
		rest();
		load_run(below(20));
		break;
	case 1:		/* one for good; nothing but the record may need a flush */
		if (chance(50))
			mix.flush = 0;
		rest();
		load_run(below(10));
		power_off(lost);
		if (chance(70)) {
			noticed(lost);
			load_run(below(100));
		}
		break;
	case 2:		/* one comes back; the end meets the resync, or what follows it */
		lose_and_return(lost);
		load_run(below(40));
		count.during_resync += mirror_in("resync");
		break;
	case 3:		/* it is lost again while it is filled */
		lose_and_return(lost);
		load_run(below(30));
		lose_and_return(lost);
		load_run(below(30));
		break;
	default:	/* whole again, then the other one */
		lose_and_return(lost);
		load_run(below(30));
		mirror_wait("normal");
		load_run(below(60));
		rest();
		power_off(!lost);
		if (chance(50)) {
			noticed(!lost);
			load_run(below(60));
		}
	}
	if (chance(50))
		pause_us(below(3000));
}

/* --- a round --- */

static void check_record(void)
{
	struct facts f;

	if (serves_alone < 0)
		return;
	media_facts(leg[serves_alone], &f);
	if (!may_serve_alone(&f))
		fail("V8 leg %d was written without the other, but its superblock does not say so: flags %x",
		     serves_alone, f.flags);
	serves_alone = -1;
}

static void crash_and_look(void)
{
	unsigned int i;

	if (chance(50))
		cut_together();
	else
		cut_in_turn();
	host_ends();
	for (i = 0; i < LEGS; i++)
		leg_returns(i);
	for (i = 0; i < LEGS; i++)
		media_read(leg_name[i], leg[i]);
	check_record();
	examine_media(leg);
	examine_alone(leg, promise.durable);
	may_fail = false;
	load_forget();
}

/* The leg that may start alone, or both. */
static unsigned int startable(void)
{
	struct facts f;
	unsigned int i;

	for (i = 0; i < LEGS; i++) {
		media_facts(leg[i], &f);
		if (may_serve_alone(&f) && chance(50))
			return 1u << i;
	}
	return BOTH;
}

/*
 * The next start is cut short too: of one leg, which the other has to follow
 * then, or of both amid their resync. What it shows once it has to show for ever:
 * it came from the medium.
 */
static void short_life(void)
{
	unsigned int legs = startable();
	int r = mirror_start(legs);

	if (r)
		fail("V1 legs %u do not start: error %d", legs, r);
	load_open();
	load_shown();
	load_run(below(80));
	if (chance(50)) {
		load_flush();
		load_run(below(20));
	}
	if (legs == BOTH) {
		count.during_resync += mirror_in("resync");
	} else {
		may_fail = true;
		count.alone_after++;
	}
	crash_and_look();
}

static void one_round(uint64_t seed, unsigned long number)
{
	unsigned int plan;

	seed_random(seed + number * 0x10001);
	plan = below(5);
	note("seed %llu, round %lu, plan %u", (unsigned long long)seed, number, plan);
	mix = (struct load_mix){
		.read = below(40), .flush = chance(50) ? below(2) : below(25),
		.fua = chance(30) ? 60 : below(30),
		.spread = chance(50) ? BLOCKS : 1 + below(BLOCKS), .depth = 1 + below(24),
	};
	clean_ms = chance(70) ? 10 : 10 + below(50);

	play(plan);
	crash_and_look();
	while (chance(25))
		short_life();
	examine_both(leg, promise.durable, content);
	agree(content);
	load_open();
	count.rounds++;
}

int main(int argc, char **argv)
{
	uint64_t seed, begin = now_us(), end;
	unsigned long rounds;
	unsigned int i;

	if (argc != 5) {
		fprintf(stderr, "usage: power null_blk|nbd SEED ROUNDS SECONDS\n");
		return 2;
	}
	disks = strcmp(argv[1], "nbd") ? &null_disks : &nbd_disks;
	seed = strtoull(argv[2], NULL, 0);
	rounds = strtoul(argv[3], NULL, 0);
	end = begin + strtoull(argv[4], NULL, 0) * 1000000;

	dm_open();
	for (i = 0; i < LEGS; i++) {
		leg[i] = media_new();
		make_leg(i);
	}
	content = aligned(BLOCKS * BS);
	if (mirror_create())
		die("the mirror cannot be made");
	load_open();
	while (count.rounds < rounds && now_us() < end)
		one_round(seed, count.rounds);
	printf("seed=%llu rounds=%lu together=%lu in_turn=%lu returns=%lu during_resync=%lu alone_after=%lu\n"
	       "starts=%lu alone=%lu refused=%lu in_sync=%lu from_0=%lu from_1=%lu copied_kib=%lu dirty_kib=%lu\n"
	       "writes=%lu flushes=%lu reads=%lu errors=%lu seconds=%llu\n",
	       (unsigned long long)seed, count.rounds, count.together, count.successive,
	       count.returns, count.during_resync, count.alone_after, tally.starts, tally.alone,
	       tally.refused, tally.in_sync, tally.from[0], tally.from[1], tally.copied_kib,
	       tally.dirty_kib, writes_done, flushes_done, reads_done, errors_seen,
	       (unsigned long long)((now_us() - begin) / 1000000));
	load_close();
	mirror_stop();
	return 0;
}
