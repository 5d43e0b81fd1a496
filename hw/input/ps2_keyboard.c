/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * PS/2 keyboard with 102 keys and all three scan code sets. It does not repeat keys that are held:
 * whoever sends them does. Spec: IBM Personal System/2 Hardware Interface Technical Reference,
 * "Keyboards (101- and 102-key)".
 */
#include <string.h>

#include "hw/input/ps2_internal.h"
#include "util/error.h"
#include "util/log.h"

enum {
    CMD_LEDS = 0xed,
    CMD_ECHO = 0xee,
    CMD_SCANCODE_SET = 0xf0,
    CMD_IDENTIFY = 0xf2,
    CMD_TYPEMATIC = 0xf3,
    CMD_ENABLE = 0xf4,
    CMD_DISABLE = 0xf5,
    CMD_DEFAULTS = 0xf6,
    CMD_ALL_FIRST = 0xf7, /* to fa: types of all keys of set 3 */
    CMD_ALL_LAST = 0xfa,
    CMD_KEY_FIRST = 0xfb, /* to fd: of those that follow */
    CMD_KEY_LAST = 0xfd,
    CMD_RESEND = 0xfe,
    CMD_RESET = 0xff,
    RELEASE = 0xf0,
    EXTENDED = 0xe0,
    DEFAULT_TYPEMATIC = 0x2b, /* 10.9 a second after half a second */
};
/* What a key of set 3 does: by command, counted from f7 and fb. */
enum { KEY_REPEATS, KEY_MAKE_BREAK, KEY_MAKE, KEY_ALL };

static void answer(Ps2Keyboard *keyboard, uint8_t byte)
{
    ps2_port_answer(&keyboard->port, byte);
}

/* Set 1: the code, with bit 7 when released. Set 2: the code, after f0 when released. */
static unsigned encode_pc(const Ps2Keyboard *keyboard, uint8_t code, bool extended, bool down,
                          uint8_t *out)
{
    unsigned count = 0;
    if (extended) {
        out[count++] = EXTENDED;
    }
    if (keyboard->scancode_set == 1) {
        out[count++] = down ? code : code | 0x80;
        return count;
    }
    if (!down) {
        out[count++] = RELEASE;
    }
    out[count++] = ps2_set2_from_set1(code);
    return count;
}

/* The key has no release: all comes at once. */
static unsigned encode_pause(const Ps2Keyboard *keyboard, uint8_t *out)
{
    static const uint8_t set1[] = { 0xe1, 0x1d, 0x45, 0xe1, 0x9d, 0xc5 };
    static const uint8_t set2[] = { 0xe1, 0x14, 0x77, 0xe1, 0xf0, 0x14, 0xf0, 0x77 };
    if (keyboard->scancode_set == 1) {
        memcpy(out, set1, sizeof(set1));
        return sizeof(set1);
    }
    memcpy(out, set2, sizeof(set2));
    return sizeof(set2);
}

static bool is_held(const Ps2Keyboard *keyboard, uint16_t key)
{
    return keyboard->down[key / 8] >> key % 8 & 1;
}

/* Print screen shares a key with SysRq: with Alt it is that one (54h). */
static unsigned encode_print(const Ps2Keyboard *keyboard, bool down, uint8_t *out)
{
    enum { LEFT_CTRL = 29, LEFT_SHIFT = 42, RIGHT_SHIFT = 54, LEFT_ALT = 56, RIGHT_CTRL = 97 };
    enum { RIGHT_ALT = 100 };
    if (is_held(keyboard, LEFT_ALT) || is_held(keyboard, RIGHT_ALT)) {
        if (keyboard->scancode_set == 1) {
            out[0] = down ? 0x54 : 0xd4;
            return 1;
        }
        out[0] = RELEASE;
        out[!down] = 0x84;
        return 1 + !down;
    }
    bool bare = is_held(keyboard, LEFT_CTRL) || is_held(keyboard, RIGHT_CTRL) ||
                is_held(keyboard, LEFT_SHIFT) || is_held(keyboard, RIGHT_SHIFT);
    unsigned count = 0;
    if (!bare && down) {
        count += encode_pc(keyboard, 0x2a, true, true, out);
    }
    count += encode_pc(keyboard, 0x37, true, down, out + count);
    if (!bare && !down) {
        count += encode_pc(keyboard, 0x2a, true, false, out + count);
    }
    return count;
}

static unsigned encode_third(const Ps2Keyboard *keyboard, uint8_t code, bool down, uint8_t *out)
{
    uint8_t type = keyboard->key_type[code];
    if (down) {
        out[0] = code;
        return code != 0;
    }
    if (type != KEY_MAKE_BREAK && type != KEY_ALL) {
        return 0;
    }
    out[0] = RELEASE;
    out[1] = code;
    return code ? 2 : 0;
}

static void key_event(void *opaque, uint16_t key, bool down)
{
    Ps2Keyboard *keyboard = opaque;
    uint8_t bytes[16];
    unsigned count;
    Ps2Key codes = ps2_key(key);
    if (key > INPUT_KEY_MAX) {
        return;
    }
    if (keyboard->scancode_set == 3) {
        count = encode_third(keyboard, codes.third, down, bytes);
    } else if (key == INPUT_KEY_PAUSE) {
        count = down ? encode_pause(keyboard, bytes) : 0;
    } else if (key == INPUT_KEY_SYSRQ) {
        count = encode_print(keyboard, down, bytes);
    } else {
        count = codes.pc ? encode_pc(keyboard, codes.pc, codes.extended, down, bytes) : 0;
    }
    uint8_t bit = 1 << key % 8;
    keyboard->down[key / 8] = down ? keyboard->down[key / 8] | bit : keyboard->down[key / 8] & ~bit;
    if (keyboard->enabled && count && !ps2_port_put(&keyboard->port, bytes, count)) {
        TRACE(ps2_keyboard_overrun, "key=%u", key);
    }
}

static const InputHandlerOps keyboard_input = { .name = "ps2-kbd", .key = key_event };

static void set_defaults(Ps2Keyboard *keyboard)
{
    keyboard->scancode_set = 2;
    keyboard->typematic = DEFAULT_TYPEMATIC;
    memset(keyboard->key_type, KEY_REPEATS, sizeof(keyboard->key_type));
}

/* The parameter of a command that takes one; false: it was none, but the next command. */
static bool take_parameter(Ps2Keyboard *keyboard, uint8_t value)
{
    uint8_t command = keyboard->command;
    if (command >= CMD_KEY_FIRST && command <= CMD_KEY_LAST) {
        static const uint8_t types[] = { KEY_REPEATS, KEY_MAKE_BREAK, KEY_MAKE };
        if (value >= CMD_LEDS) {
            return false; /* a command ends the list of keys */
        }
        keyboard->key_type[value] = types[command - CMD_KEY_FIRST];
        answer(keyboard, PS2_ACK);
        return true;
    }
    keyboard->command = 0;
    switch (command) {
    case CMD_LEDS:
        keyboard->leds = value & 7;
        answer(keyboard, PS2_ACK);
        return true;
    case CMD_TYPEMATIC:
        keyboard->typematic = value & 0x7f;
        answer(keyboard, PS2_ACK);
        return true;
    case CMD_SCANCODE_SET:
        if (value == 0) {
            answer(keyboard, PS2_ACK);
            answer(keyboard, keyboard->scancode_set);
        } else if (value <= 3) {
            keyboard->scancode_set = value;
            answer(keyboard, PS2_ACK);
        } else {
            answer(keyboard, PS2_RESEND);
        }
        return true;
    }
    return false;
}

void ps2_keyboard_write(Ps2Keyboard *keyboard, uint8_t value)
{
    ps2_port_forget_answer(&keyboard->port);
    if (keyboard->command && take_parameter(keyboard, value)) {
        return;
    }
    keyboard->command = 0;
    if (value >= CMD_ALL_FIRST && value <= CMD_ALL_LAST) {
        static const uint8_t types[] = { KEY_REPEATS, KEY_MAKE_BREAK, KEY_MAKE, KEY_ALL };
        memset(keyboard->key_type, types[value - CMD_ALL_FIRST], sizeof(keyboard->key_type));
        answer(keyboard, PS2_ACK);
        return;
    }
    switch (value) {
    case CMD_LEDS:
    case CMD_SCANCODE_SET:
    case CMD_TYPEMATIC:
    case CMD_KEY_FIRST:
    case CMD_KEY_FIRST + 1:
    case CMD_KEY_LAST:
        keyboard->command = value;
        answer(keyboard, PS2_ACK);
        break;
    case CMD_ECHO: answer(keyboard, CMD_ECHO); break;
    case CMD_IDENTIFY:
        answer(keyboard, PS2_ACK);
        answer(keyboard, 0xab);
        answer(keyboard, 0x83);
        break;
    case CMD_ENABLE:
        ps2_port_clear(&keyboard->port);
        keyboard->enabled = true;
        answer(keyboard, PS2_ACK);
        break;
    case CMD_DISABLE:
    case CMD_DEFAULTS:
        ps2_port_clear(&keyboard->port);
        set_defaults(keyboard);
        keyboard->enabled = value == CMD_DEFAULTS;
        answer(keyboard, PS2_ACK);
        break;
    case CMD_RESEND: answer(keyboard, keyboard->port.last); break;
    case CMD_RESET:
        ps2_keyboard_reset(keyboard);
        answer(keyboard, PS2_ACK);
        answer(keyboard, PS2_TEST_PASSED);
        break;
    default: log_guest_error("ps2-kbd: unknown command %#x\n", value); answer(keyboard, PS2_RESEND);
    }
}

void ps2_keyboard_reset(Ps2Keyboard *keyboard)
{
    keyboard->command = keyboard->leds = 0;
    keyboard->enabled = true;
    set_defaults(keyboard);
    memset(keyboard->down, 0, sizeof(keyboard->down));
    ps2_port_clear(&keyboard->port);
}

void ps2_keyboard_init(Ps2Keyboard *keyboard, InputHub *hub)
{
    input_attach(hub, &keyboard->input, &keyboard_input, keyboard);
}

void ps2_keyboard_cleanup(Ps2Keyboard *keyboard)
{
    input_detach(&keyboard->input);
}

static bool keyboard_post_load(void *opaque, uint32_t version, GError **errp)
{
    const Ps2Keyboard *keyboard = opaque;
    if (keyboard->scancode_set < 1 || keyboard->scancode_set > 3) {
        error_set(errp, "ps2-kbd: there is no scan code set %u", keyboard->scancode_set);
        return false;
    }
    return true;
}

const VmState ps2_keyboard_vmstate = {
    .name = "ps2-kbd",
    .version = 1,
    .post_load = keyboard_post_load,
    .fields =
        (const VmField[]){
            VM_STRUCT(Ps2Keyboard, port, ps2_port_vmstate),
            VM_U8(Ps2Keyboard, command),
            VM_U8(Ps2Keyboard, scancode_set),
            VM_U8(Ps2Keyboard, leds),
            VM_U8(Ps2Keyboard, typematic),
            VM_BOOL(Ps2Keyboard, enabled),
            VM_U8_ARRAY(Ps2Keyboard, key_type),
            VM_U8_ARRAY(Ps2Keyboard, down),
            {},
        },
};
