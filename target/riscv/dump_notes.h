/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include "target/dump_notes.h"

extern const DumpNotesOps riscv_dump_notes_ops;
