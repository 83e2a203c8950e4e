/* SPDX-License-Identifier: GPL-2.0 */
/*
 * dm-vmirror: two copies of a volume on two legs, one writer.
 *
 * Contexts and locks:
 *
 *   map, leg end_io	any context. Take no lock on the hot path.
 *   worker		m->work on an ordered queue. The only one that changes the
 *			state, the legs' superblocks and the bitmap image; waits for
 *			metadata I/O, but only to legs that are in service.
 *   resync		m->resync_work: copies regions, one at a time.
 *   probe		m->probe_work: reads the superblock of a leg that is out of
 *			service; a leg that hangs holds up nothing but this.
 *
 *   m->lock (irq safe, innermost) guards the lists of held bios, m->bad, m->mode
 *   against concurrent errors, m->copying, and the requests to the worker.
 *
 * Between postsuspend and resume no worker runs; then the caller of the dm hook
 * stands in for it.
 */
#ifndef _DM_VMIRROR_H
#define _DM_VMIRROR_H

#include <linux/atomic.h>
#include <linux/bio.h>
#include <linux/bitops.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/device-mapper.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/uuid.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/dm-vmirror.h>

#define DM_MSG_PREFIX "vmirror"

/* Log lines of an instance: the device first. */
#define vmirror_err(m, fmt, ...) \
	DMERR("%s: " fmt, vmirror_name(m), ##__VA_ARGS__)
#define vmirror_warn(m, fmt, ...) \
	DMWARN("%s: " fmt, vmirror_name(m), ##__VA_ARGS__)
#define vmirror_info(m, fmt, ...) \
	DMINFO("%s: " fmt, vmirror_name(m), ##__VA_ARGS__)
#define vmirror_err_limit(m, fmt, ...) \
	DMERR_LIMIT("%s: " fmt, vmirror_name(m), ##__VA_ARGS__)

#define VMIRROR_NONE		UINT_MAX	/* no region */

/* A superblock as the driver works with it. */
struct vmirror_super {
	u64 seq;
	uuid_t set_uuid;
	uuid_t leg_uuid;
	u32 index;
	u32 flags;
	u64 data_sectors;
	u32 region_sectors;
	u32 bitmap_blocks;
	u64 term;
	u64 current_id;
	u64 bitmap_id;
	u64 history[VMIRROR_HISTORY];
};

/* What was found where superblocks should be. */
enum vmirror_found {
	VMIRROR_VALID,
	VMIRROR_BLANK,		/* no magic in either copy */
	VMIRROR_CORRUPT,	/* magic, but no copy is intact */
	VMIRROR_NEWER,		/* version this driver does not know */
	VMIRROR_INCOMPAT,	/* unknown incompat feature */
	VMIRROR_INVALID,	/* intact, but the numbers make no sense */
};

/* What two superblocks of a set say about who follows whom. */
enum vmirror_verdict {
	VMIRROR_IN_SYNC,	/* equal, but for regions with intent */
	VMIRROR_FROM_0,		/* leg 1 lacks what the bits of leg 0 say */
	VMIRROR_FROM_1,
	VMIRROR_FULL_FROM_0,	/* leg 1 lacks everything */
	VMIRROR_FULL_FROM_1,
	VMIRROR_BOTH_TARGETS,	/* neither can serve */
	VMIRROR_DIVERGED,	/* each was written without the other */
};

enum vmirror_state {
	VMIRROR_INIT,		/* not resumed yet */
	VMIRROR_NORMAL,
	VMIRROR_DEGRADED,
	VMIRROR_RESYNC,
	VMIRROR_FAILED,
};

/*
 * m->mode: all that map needs to know, in one word. Bits 0, 1: legs that are
 * written. 0 holds all I/O back.
 */
#define VMIRROR_MODE_LEGS	3u
#define VMIRROR_MODE_READ_1	BIT(2)	/* reads go to leg 1, else to leg 0 */
#define VMIRROR_MODE_RESYNC	BIT(3)	/* dirty regions: only the leg that is read */
#define VMIRROR_MODE_FAILED	BIT(4)

struct vmirror_leg {
	struct dm_dev *dev;		/* NULL: given as '-' */
	struct vmirror_super sb;	/* worker */
	bool known;			/* sb was read or written */
	bool manual;			/* failed by the operator: no automatic attach */
	bool outdated;			/* cannot be attached: diverged or foreign */
	char flag;			/* A R F M O, as in the status */
	blk_status_t error;		/* why it failed, m->lock */
	atomic64_t read_errors;
	atomic64_t write_errors;
};

/* Writes begun, and ended by each leg (or not meant for it). See vmirror_drained(). */
struct vmirror_count {
	unsigned long begun;
	unsigned long ended[VMIRROR_LEGS];
};

/* What the probe found, handed to the worker. */
struct vmirror_probe {
	unsigned int leg;
	bool ready;			/* m->lock; until then the probe's, then the worker's */
	enum vmirror_found found;
	struct vmirror_super sb;
	u8 *image;			/* bitmap blocks, bad ones replaced by ones */
};

/* Bits of m->watch. */
enum {
	VMIRROR_WATCH_DRAIN,	/* worker: until a leg is drained */
	VMIRROR_WATCH_COPY,	/* resync: until a region is quiet */
};

struct vmirror {
	/* Read on the hot path. */
	struct dm_target *ti;
	u32 mode;			/* m->lock to write */
	unsigned long watch;		/* VMIRROR_WATCH_*: someone waits for writes to end */
	unsigned int region_shift;	/* of sectors */
	unsigned int period_ms;		/* idle time after which intent is cleaned */
	struct vmirror_count __percpu *count;
	atomic_t *inflight;		/* writes per region */
	unsigned long *hot;		/* write at once: the bit on disk is durable */
	unsigned long *dirty;		/* the other leg lacks it */
	u8 *recent;			/* written since the last pass of the cleaner */
	struct vmirror_leg leg[VMIRROR_LEGS];
	struct bio_set clones;

	/* Worker. */
	enum vmirror_state state;
	unsigned int src;		/* the leg that is read */
	unsigned int nr_regions;
	unsigned int nr_blocks;
	unsigned long *cleaning;	/* regions that the cleaner works on */
	struct page **image;		/* bitmap blocks as they should be on disk */
	unsigned long *changed;		/* blocks to be written */
	struct page *super_page;	/* a superblock on its way to disk */
	struct bio_set meta;
	u64 new_marks;

	spinlock_t lock;	/* see the top of this file */
	struct bio_list deferred;	/* for the worker */
	struct bio_list half;		/* writes that a leg failed */
	struct bio_list copy_held;	/* writes to the region in copy */
	unsigned int bad;		/* legs that failed, not handled yet */
	unsigned int copying;		/* region, or VMIRROR_NONE */
	bool copied_all;		/* request: end the resync */
	bool clean_due;			/* request: a pass of the cleaner */
	bool running;			/* between resume and presuspend */
	bool stop_resync;
	bool resyncing;			/* m->resync_work is queued or runs */
	bool source_failed;		/* that is what ended the resync, at bad_sector */
	bool source_suspect;		/* the source failed an I/O: may have lost its cache */
	sector_t bad_sector;
	unsigned int ask_fail;		/* request: legs that the operator fails */
	bool paused;			/* by the operator */
	atomic_t held;

	struct workqueue_struct *wq;	/* worker, ordered */
	struct workqueue_struct *slow_wq; /* resync and probe */
	struct work_struct work;
	struct work_struct resync_work;
	struct delayed_work clean_work;
	struct delayed_work probe_work;
	unsigned int probe_ms;
	struct vmirror_probe probe;

	wait_queue_head_t copy_wait;
	struct page **copy_pages;
	unsigned int cursor;		/* of the resync */
	atomic64_t copied;		/* sectors, by the resync that runs or ran last */
	atomic64_t copied_total;
	u64 resync_errors;
	u64 meta_writes;		/* blocks, each leg counted */
	u64 cleaned;
	u64 degrades;

	/* The table line. */
	uuid_t set_uuid;
	bool create;
	bool assume_clean;
	bool manual_attach;
	bool force_alone;
	bool period_given;
	u32 region_arg;			/* 0: not given */
};

/* In each bio that dm gives to the target. */
struct vmirror_io {
	struct vmirror *m;
	bio_end_io_t *end_io;		/* dm's own, while a write is out */
	struct bvec_iter iter;		/* as mapped, for a retry */
	unsigned int region;
	u8 leg;				/* of a read or flush */
	u8 mask;			/* legs of a write */
	u8 op;				/* VMIRROR_IO_* */
	blk_status_t status[VMIRROR_LEGS];
	atomic_t left;
};

enum { VMIRROR_IO_READ, VMIRROR_IO_WRITE, VMIRROR_IO_FLUSH };

static inline const char *vmirror_name(struct vmirror *m)
{
	return dm_table_device_name(m->ti->table);
}

static inline struct vmirror_io *vmirror_io(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct vmirror_io));
}

static inline struct block_device *vmirror_bdev(struct vmirror *m, unsigned int leg)
{
	return m->leg[leg].dev->bdev;
}

static inline sector_t vmirror_region_sectors(struct vmirror *m, unsigned int region)
{
	sector_t start = (sector_t)region << m->region_shift;

	return min_t(sector_t, 1ULL << m->region_shift, m->ti->len - start);
}

/* super.c: superblocks, as bytes and as facts */
extern const char * const vmirror_found_text[];
u32 vmirror_crc(const void *block, size_t at);
void vmirror_super_encode(const struct vmirror_super *sb, void *block);
enum vmirror_found vmirror_super_decode(const void *block, struct vmirror_super *sb);
enum vmirror_found vmirror_super_choose(const void *a, const void *b,
					struct vmirror_super *sb, int *copy);
enum vmirror_verdict vmirror_compare(const struct vmirror_super *a,
				     const struct vmirror_super *b);
bool vmirror_may_serve_alone(const struct vmirror_super *sb, bool forced);
void vmirror_super_degrade(struct vmirror_super *sb, u64 id);
u64 vmirror_new_id(void);

/* meta.c: metadata I/O of one instance */
int vmirror_rw_block(struct vmirror *m, unsigned int leg, blk_opf_t opf,
		     unsigned int block, struct page *page);
int vmirror_flush_leg(struct vmirror *m, unsigned int leg);
int vmirror_read_super(struct vmirror *m, unsigned int leg, blk_opf_t opf,
		       struct vmirror_super *sb, enum vmirror_found *found);
int vmirror_write_super(struct vmirror *m, unsigned int leg);
int vmirror_format(struct vmirror *m, unsigned int leg);
int vmirror_read_bitmap(struct vmirror *m, unsigned int leg, blk_opf_t opf,
			const struct vmirror_super *sb, u8 *image);
unsigned int vmirror_write_bitmap(struct vmirror *m, unsigned int legs, bool all);

/* bitmap.c */
void vmirror_block_seal(struct vmirror_disk_bitmap *b, unsigned int index,
			const uuid_t *set);
bool vmirror_block_ok(const struct vmirror_disk_bitmap *b, unsigned int index,
		      const uuid_t *set);
int vmirror_bitmap_alloc(struct vmirror *m);
void vmirror_bitmap_free(struct vmirror *m);
int vmirror_set_region(struct vmirror *m, u32 region);
void vmirror_bitmap_reset(struct vmirror *m);
bool vmirror_bit(struct vmirror *m, unsigned int region);
void vmirror_bit_set(struct vmirror *m, unsigned int region);
void vmirror_bit_clear(struct vmirror *m, unsigned int region);
void vmirror_bitmap_merge(struct vmirror *m, const u8 *image);
void vmirror_bitmap_set_all(struct vmirror *m);
bool vmirror_bitmap_any(struct vmirror *m);
void vmirror_dirty_from_image(struct vmirror *m);
unsigned int vmirror_dirty_count(struct vmirror *m);
void vmirror_clean(struct vmirror *m, bool all);

/* io.c */
void vmirror_kick(struct vmirror *m);
int vmirror_map(struct dm_target *ti, struct bio *bio);
int vmirror_end_io(struct dm_target *ti, struct bio *bio, blk_status_t *error);
void vmirror_leg_failed(struct vmirror *m, unsigned int leg, blk_status_t status);
bool vmirror_drained(struct vmirror *m, unsigned int leg);
void vmirror_end_held(struct vmirror *m, struct bio *bio, blk_status_t status);
void vmirror_run_deferred(struct vmirror *m);
void vmirror_finish_half(struct vmirror *m);

/* state.c */
extern const char * const vmirror_state_text[];
unsigned int vmirror_in_service(struct vmirror *m);
bool vmirror_settle(struct vmirror *m);
bool vmirror_unsettled(struct vmirror *m);
void vmirror_switch(struct vmirror *m, enum vmirror_state state, unsigned int src);
void vmirror_set_state(struct vmirror *m, enum vmirror_state state, unsigned int src,
		       const char *why);
int vmirror_start(struct vmirror *m);
void vmirror_worker(struct work_struct *work);

/* resync.c */
int vmirror_copy_alloc(struct vmirror *m);
void vmirror_copy_free(struct vmirror *m);
void vmirror_resync(struct work_struct *work);
void vmirror_resync_start(struct vmirror *m);
void vmirror_resync_stop(struct vmirror *m);
void vmirror_copy_again(struct vmirror *m);
void vmirror_resync_end(struct vmirror *m);
int vmirror_attach_leg(struct vmirror *m, unsigned int leg, bool full);
void vmirror_probe(struct work_struct *work);
void vmirror_probe_soon(struct vmirror *m, bool progress);
void vmirror_attach_found(struct vmirror *m);

#endif /* _DM_VMIRROR_H */
