// SPDX-License-Identifier: GPL-2.0
/*
 * clusterfs: engines by their names. lock_local is in this module, others are modules of
 * their own, so that what they need (DLM) is not needed by who does not use them.
 */
#include <linux/kmod.h>
#include <linux/module.h>
#include <linux/string.h>

#include "lock_engine.h"

static const struct clusterfs_lock_ops *engines[4] = { &clusterfs_local_ops };
static DEFINE_SPINLOCK(engines_lock);

static const struct clusterfs_lock_ops **engine_find(const char *name)
{
	unsigned int i;

	lockdep_assert_held(&engines_lock);
	for (i = 0; i < ARRAY_SIZE(engines); i++)
		if (engines[i] && !strcmp(engines[i]->name, name))
			return &engines[i];
	return NULL;
}

/**
 * clusterfs_engine_register() - an engine can be used
 * @ops: engine, until clusterfs_engine_unregister()
 *
 * Return: 0; -EEXIST: there is one of that name; -ENOSPC.
 */
int clusterfs_engine_register(const struct clusterfs_lock_ops *ops)
{
	unsigned int i;
	int ret = -ENOSPC;

	spin_lock(&engines_lock);
	if (engine_find(ops->name)) {
		ret = -EEXIST;
		goto unlock;
	}
	for (i = 0; i < ARRAY_SIZE(engines) && ret; i++) {
		if (!engines[i]) {
			engines[i] = ops;
			ret = 0;
		}
	}
unlock:
	spin_unlock(&engines_lock);
	return ret;
}
EXPORT_SYMBOL_GPL(clusterfs_engine_register);

/**
 * clusterfs_engine_unregister() - an engine's module goes
 * @ops: engine; nobody uses it, as its module has no reference left
 */
void clusterfs_engine_unregister(const struct clusterfs_lock_ops *ops)
{
	const struct clusterfs_lock_ops **engine;

	spin_lock(&engines_lock);
	engine = engine_find(ops->name);
	if (engine && *engine == ops)
		*engine = NULL;
	spin_unlock(&engines_lock);
}
EXPORT_SYMBOL_GPL(clusterfs_engine_unregister);

static const struct clusterfs_lock_ops *engine_get(const char *name)
{
	const struct clusterfs_lock_ops **engine, *ops = NULL;

	spin_lock(&engines_lock);
	engine = engine_find(name);
	if (engine && try_module_get((*engine)->owner))
		ops = *engine;
	spin_unlock(&engines_lock);
	return ops;
}

/**
 * clusterfs_engine_get() - the engine of a name; its module is loaded if need be
 * @name: as of the mount option lock=, known to be one
 *
 * Context: may sleep; a fatal signal ends it.
 * Return: it, with a reference to its module for clusterfs_engine_put(); NULL: there is none.
 */
const struct clusterfs_lock_ops *clusterfs_engine_get(const char *name)
{
	const struct clusterfs_lock_ops *ops = engine_get(name);

	if (!ops && !request_module("clusterfs-%s", name))
		ops = engine_get(name);
	return ops;
}
EXPORT_SYMBOL_GPL(clusterfs_engine_get);

/**
 * clusterfs_engine_put() - a lockspace that was joined has a reference of its own
 * @ops: engine
 */
void clusterfs_engine_put(const struct clusterfs_lock_ops *ops)
{
	module_put(ops->owner);
}
EXPORT_SYMBOL_GPL(clusterfs_engine_put);
