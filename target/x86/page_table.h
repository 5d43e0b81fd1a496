/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "target/page_table.h"

extern const PageTableOps x86_page_table_ops;
