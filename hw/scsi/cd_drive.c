/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Commands of CD/DVD drives.  Spec: MMC-6, section 6 unless said otherwise. */
#include "hw/scsi/cd_drive.h"

#include <string.h>

#include "hw/scsi/cd_tables_internal.h"

enum {
    TEST_UNIT_READY = 0x00,
    REQUEST_SENSE = 0x03,
    INQUIRY = 0x12,
    MODE_SENSE_6 = 0x1a,
    START_STOP_UNIT = 0x1b,
    PREVENT_ALLOW = 0x1e,
    READ_CAPACITY = 0x25,
    READ_10 = 0x28,
    SEEK_10 = 0x2b,
    SYNCHRONIZE_CACHE = 0x35,
    READ_SUBCHANNEL = 0x42,
    READ_TOC = 0x43,
    READ_HEADER = 0x44,
    GET_CONFIGURATION = 0x46,
    GET_EVENT_STATUS = 0x4a,
    READ_DISC_INFORMATION = 0x51,
    READ_TRACK_INFORMATION = 0x52,
    MODE_SENSE_10 = 0x5a,
    READ_12 = 0xa8,
    READ_DISC_STRUCTURE = 0xad,
    READ_CD_MSF = 0xb9,
    SET_CD_SPEED = 0xbb,
    MECHANISM_STATUS = 0xbd,
    READ_CD = 0xbe,
};
enum { EVENT_NONE = 0, EVENT_EJECT_REQUEST = 1, EVENT_NEW_MEDIA = 2, EVENT_REMOVAL = 3 };
enum { LEAD_IN_FRAMES = 150, FRAMES_A_SECOND = 75 };

static uint32_t be(const uint8_t *bytes, unsigned count)
{
    uint32_t value = 0;

    for (unsigned i = 0; i < count; i++) {
        value = value << 8 | bytes[i];
    }
    return value;
}

static CdAnswer fail(CdDrive *cd, Sense sense)
{
    cd->sense = sense;
    return CD_FAILED;
}

static CdAnswer data(CdReply *reply, uint32_t bytes, uint32_t allowed)
{
    reply->bytes = MIN(bytes, allowed);
    return reply->bytes ? CD_DATA : CD_GOOD;
}

bool cd_drive_has_medium(const CdDrive *cd)
{
    return !cd->tray_open && block_backend_size(cd->backend) >= CD_BLOCK_BYTES;
}

uint32_t cd_drive_blocks(const CdDrive *cd)
{
    uint64_t blocks = block_backend_size(cd->backend) / CD_BLOCK_BYTES;

    return cd_drive_has_medium(cd) ? MIN(blocks, UINT32_MAX) : 0;
}

void cd_drive_frame(uint8_t frame[CD_FRAME_BYTES], uint32_t lba, const uint8_t *block)
{
    enum { HEADER = 12, USER = 16, MODE_1 = 1 };

    /* Nobody checks what only protects against scratches: it stays zero. */
    memset(frame, 0, CD_FRAME_BYTES);
    memset(frame + 1, 0xff, HEADER - 2);
    cd_put_msf(frame + HEADER, lba + LEAD_IN_FRAMES, true);
    frame[HEADER + 3] = MODE_1;
    memcpy(frame + USER, block, CD_BLOCK_BYTES);
}

/* SPC-4, 6.31; the sense is told once. */
static CdAnswer request_sense(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    if (cd->attention.key) {
        cd->sense = cd->attention;
        cd->attention = SENSE_GOOD;
    }
    sense_put(buffer, cd->sense);
    cd->sense = SENSE_GOOD;
    return data(reply, SENSE_BYTES, c[4]);
}

static CdAnswer inquiry(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { VITAL_PRODUCT_DATA = 1 };
    uint32_t bytes = c[1] & VITAL_PRODUCT_DATA ? cd_put_vital_data(cd, c[2], buffer)
                     : c[2]                    ? 0
                                               : cd_put_inquiry(cd, buffer);

    return bytes ? data(reply, bytes, be(c + 3, 2)) : fail(cd, SENSE_BAD_FIELD);
}

static CdAnswer mode_sense(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { CHANGEABLE = 1, SAVED = 3 };
    bool ten = c[0] == MODE_SENSE_10;
    unsigned control = c[2] >> 6, header = ten ? 8 : 4;

    if (control == SAVED) {
        return fail(cd, SENSE_NO_SAVED_PARAMETERS);
    }
    uint32_t pages = cd_put_mode_pages(cd, c[2] & 0x3f, control == CHANGEABLE, buffer + header);
    if (!pages) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    memset(buffer, 0, header);
    if (ten) {
        cd_put_be(buffer, header + pages - 2, 2);
    } else {
        buffer[0] = header + pages - 1;
    }
    return data(reply, header + pages, ten ? be(c + 7, 2) : c[4]);
}

static CdAnswer start_stop(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { START = 1, LOAD_EJECT = 2 };
    bool open = !(c[4] & START);

    if (c[4] >> 4 || !(c[4] & LOAD_EJECT)) { /* power conditions, spinning: nothing to do */
        return CD_GOOD;
    }
    if (open && cd->locked) {
        return fail(cd, SENSE_REMOVAL_PREVENTED);
    }
    if (cd->tray_open != open) {
        cd->tray_open = open;
        block_backend_tray_moved(cd->backend, open);
        cd->event = open ? EVENT_REMOVAL : EVENT_NEW_MEDIA;
        if (!open && cd_drive_has_medium(cd)) {
            cd->attention = SENSE_MEDIUM_CHANGED;
        }
    }
    return CD_GOOD;
}

static CdAnswer prevent_allow(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    cd->locked = c[4] & 1;
    return CD_GOOD;
}

static CdAnswer read_capacity(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    cd_put_be(buffer, cd_drive_blocks(cd) - 1, 4);
    cd_put_be(buffer + 4, CD_BLOCK_BYTES, 4);
    return data(reply, 8, UINT32_MAX);
}

static CdAnswer read_blocks(CdDrive *cd, uint32_t lba, uint32_t blocks, CdReply *reply)
{
    uint32_t limit = cd_drive_blocks(cd);

    if (lba > limit || blocks > limit - lba) {
        return fail(cd, SENSE_BAD_ADDRESS);
    }
    reply->lba = lba;
    reply->blocks = blocks;
    return blocks ? CD_READ : CD_GOOD;
}

static CdAnswer read_10(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    return read_blocks(cd, be(c + 2, 4), be(c + 7, 2), reply);
}

static CdAnswer read_12(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    return read_blocks(cd, be(c + 2, 4), be(c + 6, 4), reply);
}

/* What of each frame is wanted: byte 9. */
static CdAnswer read_frames(CdDrive *cd, uint8_t wanted, uint32_t lba, uint32_t blocks,
                            CdReply *reply)
{
    enum { NOTHING = 0x00, USER_DATA = 0x10, ALL = 0xf8, EXCEPT_ERRORS = 0xf8 };

    switch (wanted & EXCEPT_ERRORS) {
    case NOTHING: return CD_GOOD;
    case USER_DATA: break;
    case ALL: reply->frames = true; break;
    default: return fail(cd, SENSE_BAD_FIELD);
    }
    return read_blocks(cd, lba, blocks, reply);
}

static CdAnswer read_cd(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { ANY = 0, MODE_1 = 2 };
    unsigned expected = c[1] >> 2 & 7;

    if (expected != ANY && expected != MODE_1) {
        return fail(cd, SENSE_WRONG_TRACK_MODE);
    }
    return read_frames(cd, c[9], be(c + 2, 4), be(c + 6, 3), reply);
}

static CdAnswer read_cd_msf(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    uint32_t from = (c[3] * 60u + c[4]) * FRAMES_A_SECOND + c[5];
    uint32_t to = (c[6] * 60u + c[7]) * FRAMES_A_SECOND + c[8];

    if (from < LEAD_IN_FRAMES || to < from) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    return read_frames(cd, c[9], from - LEAD_IN_FRAMES, to - from, reply);
}

static CdAnswer seek(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    return be(c + 2, 4) < cd_drive_blocks(cd) ? CD_GOOD : fail(cd, SENSE_BAD_ADDRESS);
}

static CdAnswer nothing(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    return CD_GOOD;
}

static CdAnswer read_subchannel(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { NO_AUDIO = 0x15, SUB_Q = 0x40, HEADER = 4 };

    memset(buffer, 0, HEADER);
    buffer[1] = NO_AUDIO;
    if (c[2] & SUB_Q && c[3] != 0) { /* positions of audio: this disc has none */
        return fail(cd, SENSE_BAD_FIELD);
    }
    return data(reply, HEADER, be(c + 7, 2));
}

static CdAnswer read_toc(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    unsigned format = c[2] & 0xf ? c[2] & 0xf : c[9] >> 6; /* the latter of SFF-8020 */
    bool msf = c[1] & 2;
    uint32_t bytes = cd_put_toc(format, c[6], msf, cd_drive_blocks(cd), buffer);

    return bytes ? data(reply, bytes, be(c + 7, 2)) : fail(cd, SENSE_BAD_FIELD);
}

static CdAnswer read_header(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    uint32_t lba = be(c + 2, 4);

    if (lba >= cd_drive_blocks(cd)) {
        return fail(cd, SENSE_BAD_ADDRESS);
    }
    memset(buffer, 0, 8);
    buffer[0] = 1; /* mode */
    if (c[1] & 2) {
        cd_put_msf(buffer + 5, lba + LEAD_IN_FRAMES, false);
    } else {
        cd_put_be(buffer + 4, lba, 4);
    }
    return data(reply, 8, be(c + 7, 2));
}

static CdAnswer get_configuration(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { RESERVED = 3 };
    unsigned which = c[1] & 3;

    if (which == RESERVED) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    return data(reply, cd_put_features(cd, which, be(c + 2, 2), buffer), be(c + 7, 2));
}

/* 6.6: only of the class "media". */
static CdAnswer get_event_status(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { POLLED = 1, MEDIA = 4, NO_EVENT = 0x80, HEADER = 4, TRAY_OPEN = 1, PRESENT = 2 };
    uint32_t bytes = HEADER;

    if (!(c[1] & POLLED)) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    memset(buffer, 0, 8);
    buffer[2] = NO_EVENT;
    buffer[3] = 1 << MEDIA;
    if (c[4] & 1 << MEDIA) {
        buffer[1] = 4;
        buffer[2] = MEDIA;
        buffer[4] = cd->event;
        buffer[5] = (cd->tray_open ? TRAY_OPEN : 0) | (cd_drive_has_medium(cd) ? PRESENT : 0);
        cd->event = EVENT_NONE;
        bytes = 8;
    }
    if (bytes == HEADER) {
        buffer[1] = 2;
    }
    return data(reply, bytes, be(c + 7, 2));
}

static CdAnswer disc_information(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { BYTES = 34, COMPLETE_FINALIZED = 0x0e };

    if (c[1] & 7) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    memset(buffer, 0, BYTES);
    cd_put_be(buffer, BYTES - 2, 2);
    buffer[2] = COMPLETE_FINALIZED;
    buffer[3] = buffer[4] = buffer[5] = buffer[6] = 1; /* first track, session, last track */
    buffer[7] = 0x20;                                  /* for any use */
    memset(buffer + 16, 0xff, 8);                      /* no lead-in or lead-out to write */
    return data(reply, BYTES, be(c + 7, 2));
}

static CdAnswer track_information(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    enum { BYTES = 36, BY_LBA = 0, BY_TRACK = 1, BY_SESSION = 2 };
    unsigned by = c[1] & 3;
    uint32_t number = be(c + 2, 4);
    bool there = by == BY_LBA ? number < cd_drive_blocks(cd) : by <= BY_SESSION && number == 1;

    if (!there) {
        return fail(cd, SENSE_BAD_FIELD);
    }
    memset(buffer, 0, BYTES);
    cd_put_be(buffer, BYTES - 2, 2);
    buffer[2] = buffer[3] = 1;
    buffer[5] = 4; /* a data track */
    buffer[6] = 1; /* of mode 1 */
    cd_put_be(buffer + 24, cd_drive_blocks(cd), 4);
    return data(reply, BYTES, be(c + 7, 2));
}

static CdAnswer disc_structure(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    bool dvd = cd_drive_blocks(cd) > CD_MAX_BLOCKS;
    uint32_t bytes =
        c[1] & 0xf || c[6] ? 0 : cd_put_structure(c[7], dvd, cd_drive_blocks(cd), buffer);

    return bytes ? data(reply, bytes, be(c + 8, 2)) : fail(cd, SENSE_BAD_FIELD);
}

static CdAnswer mechanism_status(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply)
{
    memset(buffer, 0, 8);
    buffer[1] = cd->tray_open ? 0x10 : 0;
    buffer[5] = 1; /* slots */
    return data(reply, 8, be(c + 8, 2));
}

/* NEEDS_MEDIUM: fails without one. PATIENT: is not answered with an attention. */
enum { NEEDS_MEDIUM = 1, PATIENT = 2 };

static const struct {
    uint8_t code, flags;
    CdAnswer (*run)(CdDrive *cd, const uint8_t *c, uint8_t *buffer, CdReply *reply);
} commands[] = {
    { TEST_UNIT_READY, NEEDS_MEDIUM, nothing },
    { REQUEST_SENSE, PATIENT, request_sense },
    { INQUIRY, PATIENT, inquiry },
    { MODE_SENSE_6, 0, mode_sense },
    { START_STOP_UNIT, 0, start_stop },
    { PREVENT_ALLOW, 0, prevent_allow },
    { READ_CAPACITY, NEEDS_MEDIUM, read_capacity },
    { READ_10, NEEDS_MEDIUM, read_10 },
    { SEEK_10, NEEDS_MEDIUM, seek },
    { SYNCHRONIZE_CACHE, NEEDS_MEDIUM, nothing },
    { READ_SUBCHANNEL, NEEDS_MEDIUM, read_subchannel },
    { READ_TOC, NEEDS_MEDIUM, read_toc },
    { READ_HEADER, NEEDS_MEDIUM, read_header },
    { GET_CONFIGURATION, PATIENT, get_configuration },
    { GET_EVENT_STATUS, PATIENT, get_event_status },
    { READ_DISC_INFORMATION, NEEDS_MEDIUM, disc_information },
    { READ_TRACK_INFORMATION, NEEDS_MEDIUM, track_information },
    { MODE_SENSE_10, 0, mode_sense },
    { READ_12, NEEDS_MEDIUM, read_12 },
    { READ_DISC_STRUCTURE, NEEDS_MEDIUM, disc_structure },
    { READ_CD_MSF, NEEDS_MEDIUM, read_cd_msf },
    { SET_CD_SPEED, 0, nothing },
    { MECHANISM_STATUS, 0, mechanism_status },
    { READ_CD, NEEDS_MEDIUM, read_cd },
};

CdAnswer cd_drive_command(CdDrive *cd, const uint8_t command[CD_COMMAND_BYTES], uint8_t *buffer,
                          CdReply *reply)
{
    *reply = (CdReply){ 0 };
    for (unsigned i = 0; i < G_N_ELEMENTS(commands); i++) {
        if (commands[i].code != command[0]) {
            continue;
        }
        if (cd->attention.key && !(commands[i].flags & PATIENT)) {
            cd->sense = cd->attention;
            cd->attention = SENSE_GOOD;
            return CD_FAILED;
        }
        if (commands[i].flags & NEEDS_MEDIUM && !cd_drive_has_medium(cd)) {
            return fail(cd, cd->tray_open ? SENSE_NO_MEDIUM_OPEN : SENSE_NO_MEDIUM);
        }
        if (command[0] != REQUEST_SENSE) {
            cd->sense = SENSE_GOOD;
        }
        return commands[i].run(cd, command, buffer, reply);
    }
    return fail(cd, SENSE_BAD_COMMAND);
}

void cd_drive_fail(CdDrive *cd, Sense sense)
{
    cd->sense = sense;
}

void cd_drive_reset(CdDrive *cd)
{
    cd->sense = SENSE_GOOD;
    cd->attention = SENSE_POWER_ON;
    cd->locked = false;
    cd->event = EVENT_NONE;
}

bool cd_drive_move_tray(CdDrive *cd, bool open)
{
    if (cd->tray_open == open) {
        return false;
    }
    cd->tray_open = open;
    cd->event = open ? EVENT_REMOVAL : EVENT_NEW_MEDIA;
    if (!open && cd_drive_has_medium(cd)) {
        cd->attention = SENSE_MEDIUM_CHANGED;
    }
    block_backend_tray_moved(cd->backend, open);
    return true;
}

void cd_drive_medium_changed(CdDrive *cd)
{
    if (!cd->tray_open) {
        cd->event = cd_drive_has_medium(cd) ? EVENT_NEW_MEDIA : EVENT_REMOVAL;
        cd->attention = SENSE_MEDIUM_CHANGED;
    }
}

void cd_drive_press_button(CdDrive *cd)
{
    cd->event = EVENT_EJECT_REQUEST;
}

static const VmState sense_vmstate = {
    .name = "sense",
    .version = 1,
    .fields =
        (const VmField[]){ VM_U8(Sense, key), VM_U8(Sense, code), VM_U8(Sense, qualifier), {} },
};

const VmState cd_drive_vmstate = {
    .name = "cd-drive",
    .version = 1,
    .fields = (const VmField[]){ VM_STRUCT(CdDrive, sense, sense_vmstate),
                                 VM_STRUCT(CdDrive, attention, sense_vmstate),
                                 VM_BOOL(CdDrive, tray_open),
                                 VM_BOOL(CdDrive, locked),
                                 VM_U8(CdDrive, event),
                                 {} },
};
