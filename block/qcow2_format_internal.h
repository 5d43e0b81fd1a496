/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The qcow2 format on disk: numbers, and its header and snapshots in host byte order.  Spec: "Qcow2
 * Image File Format" (docs/interop of QEMU). */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define QCOW2_MAGIC 0x514649fbu

enum {
    QCOW2_HEADER_V2 = 72,
    QCOW2_HEADER_V3 = 104,
    QCOW2_HEADER_OWN = 112, /* that we write: with the compression type */
    QCOW2_L1_MAX_BYTES = 32 << 20,
    QCOW2_REFTABLE_MAX_BYTES = 8 << 20,
    QCOW2_SNAPSHOTS_MAX = 65536,
    QCOW2_SUBCLUSTERS = 32,
};

/* incompatible features */
#define QCOW2_DIRTY            (UINT64_C(1) << 0)
#define QCOW2_CORRUPT          (UINT64_C(1) << 1)
#define QCOW2_DATA_FILE        (UINT64_C(1) << 2)
#define QCOW2_COMPRESSION_TYPE (UINT64_C(1) << 3)
#define QCOW2_EXTENDED_L2      (UINT64_C(1) << 4)
/* compatible features */
#define QCOW2_LAZY_REFCOUNTS (UINT64_C(1) << 0)
/* features that writers clear unless they keep them right */
#define QCOW2_BITMAPS       (UINT64_C(1) << 0)
#define QCOW2_DATA_FILE_RAW (UINT64_C(1) << 1)

/* table entries */
#define QCOW2_COPIED          (UINT64_C(1) << 63) /* refcount is exactly one: may be written in place */
#define QCOW2_COMPRESSED      (UINT64_C(1) << 62)
#define QCOW2_ZERO            (UINT64_C(1) << 0)
#define QCOW2_OFFSET_MASK     UINT64_C(0x00fffffffffffe00)
#define QCOW2_REF_OFFSET_MASK UINT64_C(0xfffffffffffffe00)

typedef enum { QCOW2_ZLIB, QCOW2_ZSTD } Qcow2Compression;

/* The header, in host byte order. */
typedef struct {
    uint32_t version;
    uint32_t cluster_bits;
    uint64_t size;
    uint32_t l1_entries;
    uint64_t l1_offset;
    uint64_t reftable_offset;
    uint32_t reftable_clusters;
    uint32_t snapshots;
    uint64_t snapshots_offset;
    uint64_t incompatible, compatible, autoclear;
    uint32_t refcount_order;
    uint32_t compression;
    char *backing;        /* name; NULL: none */
    char *backing_format; /* NULL: not said */
    char *data_file;      /* NULL: not said */
    bool has_bitmaps;     /* the extension is there */
    uint32_t bitmaps;
    uint64_t bitmap_directory_bytes, bitmap_directory_offset;
    GPtrArray *unknown; /* of GBytes: header extensions that we keep as they are */
    uint32_t backing_offset;
    GBytes *more_fields; /* header bytes from 112 on that a later version of the format defined */
} Qcow2Header;

typedef struct {
    char *id, *name;
    uint64_t l1_offset;
    uint32_t l1_entries;
    uint32_t seconds, nanoseconds; /* of the time when it was taken */
    uint64_t clock_ns;             /* the guest had run */
    uint64_t vm_state_bytes;
    uint64_t disk_bytes;
    uint64_t instructions; /* UINT64_MAX: not counted */
    uint32_t extra_bytes;  /* in the table; unknown ones are kept */
    uint8_t *extra;
} Qcow2Snapshot;
