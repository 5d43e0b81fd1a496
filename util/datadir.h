/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where firmware and other data files that come with distributions lie. */
#pragma once

/** datadir_add - search @path before the usual folders, after those added earlier */
void datadir_add(const char *path);
/** datadir_find - full path of data file @name, from the folders of -L, then the usual ones; NULL:
 * nowhere. Caller frees */
char *datadir_find(const char *name);
/** datadir_list - the folders in the order they are searched, one a line; caller frees */
char *datadir_list(void);
