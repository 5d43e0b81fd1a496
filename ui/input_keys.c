/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of keys, as monitor commands spell them.
 * Spec: QMP type QKeyCode; Linux include/uapi/linux/input-event-codes.h.
 */
#include <stdlib.h>
#include <string.h>

#include "ui/input.h"

typedef struct {
    const char *name;
    uint8_t key;
} KeyName;

static const KeyName key_names[] = {
    { "shift", 42 },
    { "shift_r", 54 },
    { "alt", 56 },
    { "alt_r", 100 },
    { "ctrl", 29 },
    { "ctrl_r", 97 },
    { "menu", 139 },
    { "esc", 1 },
    { "1", 2 },
    { "2", 3 },
    { "3", 4 },
    { "4", 5 },
    { "5", 6 },
    { "6", 7 },
    { "7", 8 },
    { "8", 9 },
    { "9", 10 },
    { "0", 11 },
    { "minus", 12 },
    { "equal", 13 },
    { "backspace", 14 },
    { "tab", 15 },
    { "q", 16 },
    { "w", 17 },
    { "e", 18 },
    { "r", 19 },
    { "t", 20 },
    { "y", 21 },
    { "u", 22 },
    { "i", 23 },
    { "o", 24 },
    { "p", 25 },
    { "bracket_left", 26 },
    { "bracket_right", 27 },
    { "ret", 28 },
    { "a", 30 },
    { "s", 31 },
    { "d", 32 },
    { "f", 33 },
    { "g", 34 },
    { "h", 35 },
    { "j", 36 },
    { "k", 37 },
    { "l", 38 },
    { "semicolon", 39 },
    { "apostrophe", 40 },
    { "grave_accent", 41 },
    { "backslash", 43 },
    { "z", 44 },
    { "x", 45 },
    { "c", 46 },
    { "v", 47 },
    { "b", 48 },
    { "n", 49 },
    { "m", 50 },
    { "comma", 51 },
    { "dot", 52 },
    { "slash", 53 },
    { "asterisk", 55 },
    { "spc", 57 },
    { "caps_lock", 58 },
    { "f1", 59 },
    { "f2", 60 },
    { "f3", 61 },
    { "f4", 62 },
    { "f5", 63 },
    { "f6", 64 },
    { "f7", 65 },
    { "f8", 66 },
    { "f9", 67 },
    { "f10", 68 },
    { "num_lock", 69 },
    { "scroll_lock", 70 },
    { "kp_divide", 98 },
    { "kp_multiply", 55 },
    { "kp_subtract", 74 },
    { "kp_add", 78 },
    { "kp_enter", 96 },
    { "kp_decimal", 83 },
    { "kp_equals", 117 },
    { "kp_comma", 121 },
    { "sysrq", 99 },
    { "kp_0", 82 },
    { "kp_1", 79 },
    { "kp_2", 80 },
    { "kp_3", 81 },
    { "kp_4", 75 },
    { "kp_5", 76 },
    { "kp_6", 77 },
    { "kp_7", 71 },
    { "kp_8", 72 },
    { "kp_9", 73 },
    { "less", 86 },
    { "f11", 87 },
    { "f12", 88 },
    { "print", 99 },
    { "home", 102 },
    { "pgup", 104 },
    { "pgdn", 109 },
    { "end", 107 },
    { "left", 105 },
    { "up", 103 },
    { "down", 108 },
    { "right", 106 },
    { "insert", 110 },
    { "delete", 111 },
    { "pause", 119 },
    { "ro", 89 },
    { "hiragana", 91 },
    { "henkan", 92 },
    { "katakanahiragana", 93 },
    { "muhenkan", 94 },
    { "yen", 124 },
    { "meta_l", 125 },
    { "meta_r", 126 },
    { "compose", 127 },
    { "power", 116 },
    { "sleep", 142 },
    { "wake", 143 },
    { "audionext", 163 },
    { "audioprev", 165 },
    { "audiostop", 166 },
    { "audioplay", 164 },
    { "audiomute", 113 },
    { "volumeup", 115 },
    { "volumedown", 114 },
    { "mail", 155 },
    { "calculator", 140 },
    { "ac_home", 172 },
};

/* Keys that have the same number as their scan code on the first PC. */
enum { LAST_PC_KEY = 88 };

uint16_t input_key_by_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(key_names); i++) {
        if (!strcmp(name, key_names[i].name)) {
            return key_names[i].key;
        }
    }
    if (g_str_has_prefix(name, "0x")) {
        char *end;
        unsigned long code = strtoul(name + 2, &end, 16);
        return *end == '\0' && end != name + 2 && code <= LAST_PC_KEY ? code : 0;
    }
    return 0;
}

const char *input_key_name(uint16_t key)
{
    for (size_t i = 0; i < G_N_ELEMENTS(key_names); i++) {
        if (key_names[i].key == key) {
            return key_names[i].name;
        }
    }
    return NULL;
}

void input_key_foreach(void (*fn)(const char *name, void *opaque), void *opaque)
{
    for (size_t i = 0; i < G_N_ELEMENTS(key_names); i++) {
        fn(key_names[i].name, opaque);
    }
}
