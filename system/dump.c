/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * dump-guest-memory. The file begins with all headers and notes, made at once; a thread then copies
 * memory, as the descriptor may be a pipe that fills up. Spec: System V ABI, ch. 4 and 5 (ELF).
 */
#include "system/dump.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "schema/commands.h"
#include "schema/events.h"
#include "system/vm.h"
#include "target/dump_notes.h"
#include "target/page_table.h"
#include "util/error.h"
#include "util/fdset.h"

enum { PIECE_BYTES = 1 << 20, MAX_SEGMENTS = 65000, NOTE_NAME_BYTES = 8 };

/* A piece of the file. */
typedef struct {
    hwaddr physical;
    uint64_t address, bytes; /* virtual; 0 without paging */
} Segment;

struct Dump {
    Vm *vm;
    int fd;
    GArray *segments; /* Segment */
    uint64_t total;
    uint64_t completed; /* atomic */
    GThread *thread;    /* NULL: none */
    bool stop;          /* atomic: leave the rest */
    bool active, resume;
    GError *error; /* why it failed */
    GSource *end;  /* the thread is done; NULL */
};

bool dump_is_active(const Dump *dump)
{
    return dump && dump->active;
}

void dump_free(Dump *dump)
{
    if (!dump) {
        return;
    }
    __atomic_store_n(&dump->stop, true, __ATOMIC_RELAXED);
    if (dump->thread) {
        g_thread_join(dump->thread);
    }
    if (dump->end) {
        g_source_destroy(dump->end);
        g_source_unref(dump->end);
    }
    if (dump->fd >= 0) {
        close(dump->fd);
    }
    g_clear_error(&dump->error);
    g_array_unref(dump->segments);
    g_free(dump);
}

/* What is written: memory by physical address, or where pages lead */

static void add_segment(Dump *dump, hwaddr physical, uint64_t address, uint64_t bytes)
{
    Segment *last = dump->segments->len
                        ? &g_array_index(dump->segments, Segment, dump->segments->len - 1)
                        : NULL;
    if (last && last->physical + last->bytes == physical &&
        (address == 0 || last->address + last->bytes == address)) {
        last->bytes += bytes;
    } else {
        Segment segment = { physical, address, bytes };
        g_array_append_val(dump->segments, segment);
    }
    dump->total += bytes;
}

/* The parts of [@first, @first + @bytes) that are plain memory. */
static void add_memory(Dump *dump, hwaddr first, uint64_t bytes, uint64_t address, bool paging)
{
    const FlatView *view = dump->vm->machine->memory.view;
    hwaddr last = first + bytes - 1;
    for (unsigned i = 0; i < view->count; i++) {
        const FlatRange *range = &view->ranges[i];
        bool memory = memory_region_ram_block(range->region) && !range->readonly &&
                      range->region->kind != MEMORY_KIND_ROM_DEVICE;
        hwaddr from = MAX(range->start, first), to = MIN(range->last, last);
        if (memory && from <= to) {
            add_segment(dump, from, paging ? address + (from - first) : 0, to - from + 1);
        }
    }
}

static bool add_page(const GuestPage *page, void *opaque)
{
    Dump *dump = opaque;
    add_memory(dump, page->physical, page->bytes, page->address, true);
    return dump->segments->len <= MAX_SEGMENTS;
}

static void add_pages(Cpu *cpu, void *data)
{
    PageTable table;
    const PageTableOps *ops = object_interface(&cpu->device.object, &page_table_interface);
    if (ops && ops->describe(cpu, &table)) {
        page_table_walk(cpu, &table, add_page, data);
    }
}

static bool choose_memory(Dump *dump, const QmpDumpGuestMemoryArgs *args, GError **errp)
{
    const GPtrArray *cpus = dump->vm->machine->cpus;
    if (args->has_begin != args->has_length || (args->has_begin && args->paging)) {
        error_set(errp, "'begin' and 'length' go together, and not with 'paging'");
        return false;
    }
    if (args->has_begin && (args->begin < 0 || args->length <= 0)) {
        error_set(errp, "'begin' must not be negative, and 'length' more than zero");
        return false;
    }
    if (args->has_begin) {
        add_memory(dump, (hwaddr)args->begin, (uint64_t)args->length, 0, false);
    }
    if (args->paging) {
        cpu_run_on_sync(g_ptr_array_index(cpus, 0), add_pages, dump);
    }
    if (dump->segments->len == 0 && !args->has_begin) { /* also when pages are not in use yet */
        add_memory(dump, 0, UINT64_MAX, 0, false);
    }
    if (dump->segments->len > MAX_SEGMENTS) {
        error_set(errp, "the page tables map too many separate places; use paging=false");
        return false;
    }
    if (dump->segments->len == 0) {
        error_set(errp, "there is no memory in that range");
        return false;
    }
    return true;
}

/* The file's beginning */

typedef struct {
    const DumpNotesOps *ops;
    GByteArray *notes;
    uint32_t pid;
} Notes;

static void add_note(Cpu *cpu, void *data)
{
    Notes *notes = data;
    static const char name[NOTE_NAME_BYTES] = "CORE";
    g_autoptr(GByteArray) status = g_byte_array_new();
    notes->ops->prstatus(cpu, notes->pid, status);
    dump_notes_append(notes->notes, strlen(name) + 1, 4);
    dump_notes_append(notes->notes, status->len, 4);
    dump_notes_append(notes->notes, NT_PRSTATUS, 4);
    g_byte_array_append(notes->notes, (const uint8_t *)name, sizeof(name));
    g_byte_array_append(notes->notes, status->data, status->len);
    dump_notes_append(notes->notes, 0, (4 - status->len % 4) % 4);
}

static void append_header(GByteArray *out, uint32_t type, const Segment *segment, uint64_t offset)
{
    Elf64_Phdr header = { .p_type = type,
                          .p_offset = offset,
                          .p_vaddr = segment->address,
                          .p_paddr = segment->physical,
                          .p_filesz = segment->bytes,
                          .p_memsz = segment->bytes };
    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
}

/* NULL with error where there is no form for such processors. */
static GByteArray *make_beginning(Dump *dump, GError **errp)
{
    const GPtrArray *cpus = dump->vm->machine->cpus;
    const DumpNotesOps *ops =
        cpus->len ? object_interface(g_ptr_array_index(cpus, 0), &dump_notes_interface) : NULL;
    if (!ops) {
        error_set(errp, "this machine has no processor that core files are known for");
        return NULL;
    }
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Notes notes = { ops, bytes, 0 };
    for (guint i = 0; i < cpus->len; i++) {
        notes.pid = i + 1;
        cpu_run_on_sync(g_ptr_array_index(cpus, i), add_note, &notes);
    }
    unsigned count = dump->segments->len + 1;
    Elf64_Ehdr header = { .e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
                                       EV_CURRENT },
                          .e_type = ET_CORE,
                          .e_machine = ops->elf_machine,
                          .e_version = EV_CURRENT,
                          .e_phoff = sizeof(header),
                          .e_ehsize = sizeof(header),
                          .e_phentsize = sizeof(Elf64_Phdr),
                          .e_phnum = (uint16_t)count };
    GByteArray *out = g_byte_array_new();
    uint64_t offset = sizeof(header) + (uint64_t)count * sizeof(Elf64_Phdr);
    Segment note = { 0, 0, bytes->len };
    g_byte_array_append(out, (const uint8_t *)&header, sizeof(header));
    append_header(out, PT_NOTE, &note, offset);
    offset += bytes->len;
    for (guint i = 0; i < dump->segments->len; i++) {
        const Segment *segment = &g_array_index(dump->segments, Segment, i);
        append_header(out, PT_LOAD, segment, offset);
        offset += segment->bytes;
    }
    g_byte_array_append(out, bytes->data, bytes->len);
    return out;
}

/* Writing */

static bool write_all(Dump *dump, const uint8_t *bytes, size_t length, GError **errp)
{
    while (length > 0) {
        ssize_t done = write(dump->fd, bytes, length);
        if (done < 0 && errno == EINTR) {
            continue;
        }
        if (done <= 0) {
            error_set_errno(errp, errno, "writing the dump failed");
            return false;
        }
        bytes += done;
        length -= (size_t)done;
    }
    return true;
}

static bool write_segment(Dump *dump, const Segment *segment, uint8_t *buffer, GError **errp)
{
    for (uint64_t done = 0; done < segment->bytes;) {
        uint64_t piece = MIN(segment->bytes - done, (uint64_t)PIECE_BYTES);
        if (__atomic_load_n(&dump->stop, __ATOMIC_RELAXED)) {
            error_set(errp, "the program ended");
            return false;
        }
        address_space_read(&dump->vm->machine->memory, segment->physical + done, buffer, piece,
                           (MemTxAttrs){ .debug = 1 });
        if (!write_all(dump, buffer, piece, errp)) {
            return false;
        }
        done += piece;
        __atomic_add_fetch(&dump->completed, piece, __ATOMIC_RELAXED);
    }
    return true;
}

static void write_memory(Dump *dump)
{
    g_autofree uint8_t *buffer = g_malloc(PIECE_BYTES);
    for (guint i = 0; i < dump->segments->len; i++) {
        if (!write_segment(dump, &g_array_index(dump->segments, Segment, i), buffer,
                           &dump->error)) {
            return;
        }
    }
}

static QmpDumpQueryResult *result_of(const Dump *dump)
{
    QmpDumpQueryResult *result = qmp_dump_query_result_new();
    if (dump) {
        result->status = dump->active  ? QMP_DUMP_STATUS_ACTIVE
                         : dump->error ? QMP_DUMP_STATUS_FAILED
                                       : QMP_DUMP_STATUS_COMPLETED;
        result->completed = (int64_t)__atomic_load_n(&dump->completed, __ATOMIC_RELAXED);
        result->total = (int64_t)dump->total;
    }
    return result;
}

static void finish(Dump *dump)
{
    if (close(dump->fd) < 0 && !dump->error) {
        error_set_errno(&dump->error, errno, "writing the dump failed");
    }
    dump->fd = -1;
    dump->active = false;
    if (dump->resume) {
        vm_start(dump->vm);
    }
}

static gboolean on_end(gpointer opaque)
{
    Dump *dump = opaque;
    g_clear_pointer(&dump->end, g_source_unref);
    g_thread_join(g_steal_pointer(&dump->thread));
    dump->active = false;
    g_autoptr(QmpDumpQueryResult) result = result_of(dump);
    qmp_event_dump_completed(
        vm_events(dump->vm),
        &(QmpDumpCompletedEvent){ .result = result,
                                  .error = dump->error ? dump->error->message : NULL });
    finish(dump);
    return G_SOURCE_REMOVE;
}

static gpointer copy_memory(gpointer opaque)
{
    Dump *dump = opaque;
    write_memory(dump);
    g_source_attach(dump->end, NULL);
    return NULL;
}

static void start_thread(Dump *dump)
{
    dump->end = g_idle_source_new();
    g_source_set_priority(dump->end, G_PRIORITY_DEFAULT);
    g_source_set_callback(dump->end, on_end, dump, NULL);
    dump->thread = g_thread_new("dump", copy_memory, dump);
}

static int open_target(CommandContext *context, const char *protocol, GError **errp)
{
    if (g_str_has_prefix(protocol, "fd:")) {
        return monitors_take_fd(context->monitor, protocol + strlen("fd:"), errp);
    }
    if (!g_str_has_prefix(protocol, "file:")) {
        error_set(errp, "parameter 'protocol' must be file:PATH or fd:NAME");
        return -1;
    }
    const char *path = protocol + strlen("file:");
    int fd = fdset_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0) {
        error_set_errno(errp, errno, "file '%s' cannot be opened", path);
    }
    return fd;
}

/* Everything but memory. */
static bool prepare(Dump *dump, const QmpDumpGuestMemoryArgs *args, CommandContext *context,
                    GError **errp)
{
    if (!context->machine->cpus->len) {
        error_set(errp, "this machine has no processor that core files are known for");
        return false;
    }
    if (!choose_memory(dump, args, errp)) {
        return false;
    }
    g_autoptr(GByteArray) beginning = make_beginning(dump, errp);
    if (!beginning) {
        return false;
    }
    dump->fd = open_target(context, args->protocol, errp);
    if (dump->fd >= 0) { /* whoever passed it may have made it so */
        fcntl(dump->fd, F_SETFL, fcntl(dump->fd, F_GETFL) & ~O_NONBLOCK);
    }
    return dump->fd >= 0 && write_all(dump, beginning->data, beginning->len, errp);
}

bool qmp_dump_guest_memory(CommandContext *context, const QmpDumpGuestMemoryArgs *args,
                           GError **errp)
{
    Vm *vm = context->vm;
    if (dump_is_active(vm->dump)) {
        error_set(errp, "there is a dump under way; query-dump tells how far it is");
        return false;
    }
    Dump *dump = g_new0(Dump, 1);
    dump->vm = vm;
    dump->fd = -1;
    dump->segments = g_array_new(FALSE, FALSE, sizeof(Segment));
    dump->resume = vm->machine->run_state == RUN_STATE_RUNNING;
    if (dump->resume) {
        vm_stop(vm, RUN_STATE_PAUSED);
    }
    if (!prepare(dump, args, context, errp)) {
        if (dump->resume) {
            vm_start(vm);
        }
        dump_free(dump);
        return false;
    }
    dump_free(vm->dump);
    vm->dump = dump;
    dump->active = true;
    if (args->has_detach && args->detach) {
        start_thread(dump);
        return true;
    }
    write_memory(dump);
    finish(dump);
    if (dump->error) {
        error_set(errp, "%s", dump->error->message);
    }
    return !dump->error;
}

QmpDumpQueryResult *qmp_query_dump(CommandContext *context, GError **errp)
{
    return result_of(context->vm->dump);
}

QmpDumpGuestMemoryCapability *qmp_query_dump_guest_memory_capability(CommandContext *context,
                                                                     GError **errp)
{
    QmpDumpGuestMemoryCapability *can = qmp_dump_guest_memory_capability_new();
    QmpDumpGuestMemoryFormat elf = QMP_DUMP_GUEST_MEMORY_FORMAT_ELF;
    can->formats = g_array_new(FALSE, TRUE, sizeof(QmpDumpGuestMemoryFormat));
    g_array_append_val(can->formats, elf);
    return can;
}
