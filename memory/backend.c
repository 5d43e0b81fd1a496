/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest memory that people describe with -object. */
#include "memory/backend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "qom/user_object.h"
#include "util/error.h"
#include "util/fdset.h"

typedef struct {
    Object object;
    RamBlock *block;
    /* properties */
    uint64_t size;
    bool share;
    bool prealloc;
} MemoryBackend;

typedef struct {
    MemoryBackend backend;
    bool hugetlb;
    uint64_t hugetlb_bytes;
} MemfdBackend;

typedef struct {
    MemoryBackend backend;
    char *path;
    uint64_t offset;
    bool readonly;
    bool discard; /* give the file's pages back at the end */
} FileBackend;

static bool make_block(MemoryBackend *backend, RamBacking backing, GError **errp)
{
    g_autofree char *path = object_path(&backend->object);
    const char *id = strrchr(path, '/') + 1;

    if (backend->size == 0) {
        error_set(errp, "%s: property 'size' is missing", backend->object.class->name);
        if (backing.fd >= 0) {
            close(backing.fd);
        }
        return false;
    }
    backing.private = !backend->share;
    backing.prealloc = backend->prealloc;
    backend->block =
        ram_block_new_backed(*id ? id : backend->object.class->name, backend->size, &backing, errp);
    return backend->block;
}

static void memory_backend_finalize(Object *obj)
{
    ram_block_free(container_of(obj, MemoryBackend, object)->block);
}

static const Property memory_backend_properties[] = {
    PROPERTY_SIZE("size", MemoryBackend, size, 0, .help = "size of the memory"),
    PROPERTY_BOOL("share", MemoryBackend, share, true,
                  .help = "other processes that map it see what the guest writes"),
    PROPERTY_BOOL("prealloc", MemoryBackend, prealloc, false, .help = "take all memory at start"),
    {},
};

static const UserObjectClass memory_backend_class = {
    .object = { .name = "memory-backend",
                .parent = &user_object_class.object,
                .instance_size = sizeof(MemoryBackend),
                .abstract = true,
                .properties = memory_backend_properties,
                .finalize = memory_backend_finalize },
};
CLASS_REGISTER(memory_backend_class);

RamBlock *memory_backend_block(Object *backend)
{
    MemoryBackend *m = object_cast(backend, &memory_backend_class.object);

    return m ? m->block : NULL;
}

static bool ram_backend_complete(Object *obj, GError **errp)
{
    return make_block(container_of(obj, MemoryBackend, object), (RamBacking){ .fd = -1 }, errp);
}

static const UserObjectClass ram_backend_class = {
    .object = { .name = "memory-backend-ram", .parent = &memory_backend_class.object },
    .summary = "Guest memory of this process",
    .complete = ram_backend_complete,
};
CLASS_REGISTER(ram_backend_class);

static bool memfd_backend_complete(Object *obj, GError **errp)
{
    MemfdBackend *m = container_of(obj, MemfdBackend, backend.object);
    RamBacking backing = { .fd = -1 };

    if (m->hugetlb) {
        if (m->hugetlb_bytes < RAM_PAGE_BYTES || (m->hugetlb_bytes & (m->hugetlb_bytes - 1))) {
            error_set(errp, "%s: property 'hugetlbsize': no page has %" G_GUINT64_FORMAT " bytes",
                      obj->class->name, m->hugetlb_bytes);
            return false;
        }
        backing.huge_page_bits = (unsigned)__builtin_ctzll(m->hugetlb_bytes);
    }
    return make_block(&m->backend, backing, errp);
}

static const Property memfd_backend_properties[] = {
    PROPERTY_BOOL("hugetlb", MemfdBackend, hugetlb, false,
                  .help = "use the host's reserved huge pages"),
    PROPERTY_SIZE("hugetlbsize", MemfdBackend, hugetlb_bytes, 2 << 20,
                  .help = "size of a huge page"),
    {},
};

static const UserObjectClass memfd_backend_class = {
    .object = { .name = "memory-backend-memfd",
                .parent = &memory_backend_class.object,
                .instance_size = sizeof(MemfdBackend),
                .properties = memfd_backend_properties },
    .summary = "Guest memory that other processes can be given",
    .complete = memfd_backend_complete,
};
CLASS_REGISTER(memfd_backend_class);

/* A directory (such as a mounted hugetlbfs) gets an unnamed file; a path that does not exist is
 * made. */
static int open_file(FileBackend *f, bool *made, GError **errp)
{
    int fd = fdset_open(f->path, f->readonly ? O_RDONLY : O_RDWR, 0);

    *made = false;
    if (fd < 0 && errno == EISDIR) {
        fd = open(f->path, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        *made = true;
    } else if (fd < 0 && errno == ENOENT && !f->readonly) {
        fd = open(f->path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0644);
        *made = true;
    }
    if (fd < 0) {
        error_set_errno(errp, errno, "memory-backend-file: cannot open '%s'", f->path);
    }
    return fd;
}

static bool file_backend_complete(Object *obj, GError **errp)
{
    FileBackend *f = container_of(obj, FileBackend, backend.object);
    bool made;

    if (!f->path || !*f->path) {
        error_set(errp, "%s: property 'mem-path' is missing", obj->class->name);
        return false;
    }
    if (f->offset % RAM_PAGE_BYTES || f->offset > INT64_MAX) {
        error_set(errp, "%s: property 'offset': %" G_GUINT64_FORMAT " is not a multiple of 4 KiB",
                  obj->class->name, f->offset);
        return false;
    }
    if (f->readonly && f->backend.share) {
        error_set(errp, "%s: a read-only file needs share=off", obj->class->name);
        return false;
    }
    int fd = open_file(f, &made, errp);
    if (fd < 0) {
        return false;
    }
    if (!made && lseek(fd, 0, SEEK_END) == 0 && !f->readonly) {
        made = true; /* an empty file may be grown */
    }
    return make_block(&f->backend, (RamBacking){ .fd = fd, .at = f->offset, .exact_size = !made },
                      errp);
}

static void file_backend_finalize(Object *obj)
{
    FileBackend *f = container_of(obj, FileBackend, backend.object);

    if (f->discard && f->backend.block && f->backend.share) {
        (void)!fallocate(ram_block_fd(f->backend.block), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
                         (off_t)f->offset, (off_t)f->backend.size);
    }
}

static const Property file_backend_properties[] = {
    PROPERTY_STRING("mem-path", FileBackend, path, NULL,
                    .help = "file, or directory for an unnamed one"),
    PROPERTY_SIZE("offset", FileBackend, offset, 0, .help = "where in the file the memory begins"),
    PROPERTY_BOOL("readonly", FileBackend, readonly, false,
                  .help = "open the file for reading only"),
    PROPERTY_BOOL("discard-data", FileBackend, discard, false,
                  .help = "do not keep the contents at the end"),
    {},
};

static const UserObjectClass file_backend_class = {
    .object = { .name = "memory-backend-file",
                .parent = &memory_backend_class.object,
                .instance_size = sizeof(FileBackend),
                .properties = file_backend_properties,
                .finalize = file_backend_finalize },
    .summary = "Guest memory in a file",
    .complete = file_backend_complete,
};
CLASS_REGISTER(file_backend_class);
