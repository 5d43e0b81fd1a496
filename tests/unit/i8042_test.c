/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/unit/isa_fixture.h"
#include "ui/input.h"

enum { DATA = 0x60, COMMAND = 0x64, A20_LINE = 40, MS = 1000000 };

static InputHub *setup(IsaFixture *isa)
{
    isa_fixture_init(isa);
    Device *dev = isa_fixture_add(isa, "i8042", NULL);
    device_connect_irq(dev, "a20", 0, fixture_irq(&isa->f, A20_LINE));
    isa_fixture_reset(isa);
    InputHub *hub = input_hub_find(&isa->f.machine->object);
    g_assert_nonnull(hub);
    return hub;
}

/* All that the controller gives, as hexadecimal bytes; those of the mouse behind an m. */
static void expect(IsaFixture *isa, const char *expected)
{
    g_autoptr(GString) text = g_string_new(NULL);
    uint32_t status;
    while ((status = isa_in(isa, COMMAND)) & 1) {
        g_string_append_printf(text, "%s%s%02x", text->len ? " " : "", status & 0x20 ? "m" : "",
                               isa_in(isa, DATA));
    }
    g_assert_cmpstr(text->str, ==, expected);
}

static void to_mouse(IsaFixture *isa, uint8_t byte)
{
    isa_out(isa, COMMAND, 0xd4);
    isa_out(isa, DATA, byte);
}

static void tap(InputHub *hub, uint16_t key)
{
    input_key(hub, key, true);
    input_key(hub, key, false);
}

static void test_controller_commands(void)
{
    IsaFixture isa;
    setup(&isa);
    g_assert_cmphex(isa_in(&isa, COMMAND), ==, 0x10);
    isa_out(&isa, COMMAND, 0xaa);
    expect(&isa, "55");
    g_assert_cmphex(isa_in(&isa, COMMAND), ==, 0x1c);
    isa_out(&isa, COMMAND, 0xab);
    expect(&isa, "00");
    isa_out(&isa, COMMAND, 0x60);
    isa_out(&isa, DATA, 0x47);
    isa_out(&isa, COMMAND, 0x20);
    expect(&isa, "47");
    isa_out(&isa, COMMAND, 0xd0);
    expect(&isa, "03");
    isa_out(&isa, COMMAND, 0xd3);
    isa_out(&isa, DATA, 0x5a);
    g_assert_cmpint(isa.f.level[12], ==, 1);
    expect(&isa, "m5a");
    isa_out(&isa, COMMAND, 0xdd);
    g_assert_cmpint(isa.f.level[A20_LINE], ==, 0);
    isa_out(&isa, COMMAND, 0xd1);
    isa_out(&isa, DATA, 0xdf);
    g_assert_cmpint(isa.f.level[A20_LINE], ==, 1);
    g_assert_cmpuint(isa.f.resets, ==, 0);
    isa_out(&isa, COMMAND, 0xfe);
    g_assert_cmpuint(isa.f.resets, ==, 1);
    isa_fixture_cleanup(&isa);
}

static void test_keyboard_sets(void)
{
    IsaFixture isa;
    InputHub *hub = setup(&isa);
    tap(hub, input_key_by_name("a"));
    g_assert_cmpint(isa.f.level[1], ==, 1);
    expect(&isa, "1c f0 1c");
    g_assert_cmpint(isa.f.level[1], ==, 0);
    tap(hub, input_key_by_name("up"));
    tap(hub, input_key_by_name("f7"));
    expect(&isa, "e0 75 e0 f0 75 83 f0 83");
    isa_out(&isa, COMMAND, 0x60); /* translate */
    isa_out(&isa, DATA, 0x41);
    tap(hub, input_key_by_name("a"));
    tap(hub, input_key_by_name("delete"));
    expect(&isa, "1e 9e e0 53 e0 d3");
    tap(hub, input_key_by_name("pause"));
    tap(hub, input_key_by_name("print"));
    expect(&isa, "e1 1d 45 e1 9d c5 e0 2a e0 37 e0 b7 e0 aa");
    input_key(hub, 56, true);
    tap(hub, input_key_by_name("sysrq"));
    input_key(hub, 56, false);
    expect(&isa, "38 54 d4 b8");
    isa_out(&isa, COMMAND, 0x60);
    isa_out(&isa, DATA, 0x01);
    isa_out(&isa, DATA, 0xf0);
    isa_out(&isa, DATA, 1);
    expect(&isa, "fa fa");
    tap(hub, input_key_by_name("ret"));
    expect(&isa, "1c 9c");
    isa_out(&isa, DATA, 0xf0);
    expect(&isa, "fa");
    isa_out(&isa, DATA, 3);
    isa_out(&isa, DATA, 0xfa); /* all keys: make, break, repeat */
    tap(hub, input_key_by_name("ctrl_r"));
    expect(&isa, "fa fa 58 f0 58");
    isa_out(&isa, DATA, 0xfd); /* Enter: make only */
    isa_out(&isa, DATA, 0x5a);
    isa_out(&isa, DATA, 0xf4);
    tap(hub, input_key_by_name("ret"));
    expect(&isa, "fa fa 5a");
    isa_fixture_cleanup(&isa);
}

static void test_keyboard_commands(void)
{
    IsaFixture isa;
    InputHub *hub = setup(&isa);
    isa_out(&isa, DATA, 0xff);
    expect(&isa, "fa aa");
    isa_out(&isa, DATA, 0xf2);
    expect(&isa, "fa ab 83");
    isa_out(&isa, DATA, 0xed);
    expect(&isa, "fa");
    isa_out(&isa, DATA, 0x07);
    expect(&isa, "fa");
    isa_out(&isa, DATA, 0xee);
    expect(&isa, "ee");
    isa_out(&isa, DATA, 0xf5);
    tap(hub, 30);
    expect(&isa, "fa");
    isa_out(&isa, DATA, 0xf4);
    expect(&isa, "fa");
    tap(hub, 30);
    isa_out(&isa, COMMAND, 0xad); /* the first byte is out already */
    expect(&isa, "1c");
    fixture_check_state(&isa.f);
    isa_out(&isa, COMMAND, 0xae);
    expect(&isa, "f0 1c");
    isa_out(&isa, DATA, 0x33);
    expect(&isa, "fe");
    for (unsigned i = 0; i < 1000; i++) {
        tap(hub, i);
    }
    isa_out(&isa, DATA, 0xff);
    g_assert_cmphex(isa_in(&isa, DATA), ==, 0x76); /* the byte that was out */
    expect(&isa, "fa aa");
    isa_fixture_cleanup(&isa);
}

static void test_mouse(void)
{
    IsaFixture isa;
    InputHub *hub = setup(&isa);
    to_mouse(&isa, 0xff);
    expect(&isa, "mfa maa m00");
    input_move(hub, 5, 5, 0);
    input_sync(hub);
    expect(&isa, "");
    to_mouse(&isa, 0xf6);
    expect(&isa, "mfa");
    to_mouse(&isa, 0xf4);
    expect(&isa, "mfa");
    input_move(hub, 5, 3, 0);
    input_button(hub, INPUT_BUTTON_LEFT, true);
    input_sync(hub);
    g_assert_cmpint(isa.f.level[12], ==, 1);
    expect(&isa, "m29 m05 mfd");
    input_move(hub, -300, 0, 0);
    input_sync(hub);
    expect(&isa, "m19 m81 m00 m19 m81 m00 m19 md2 m00");
    static const uint8_t knock[] = { 200, 200, 80 };
    for (unsigned i = 0; i < 3; i++) {
        to_mouse(&isa, 0xf3);
        expect(&isa, "mfa");
        to_mouse(&isa, knock[i]);
        expect(&isa, "mfa");
    }
    to_mouse(&isa, 0xf2);
    expect(&isa, "mfa m04");
    input_move(hub, 0, 0, -1);
    input_button(hub, INPUT_BUTTON_SIDE, true);
    input_sync(hub);
    expect(&isa, "m09 m00 m00 m1f");
    to_mouse(&isa, 0xe9);
    expect(&isa, "mfa m24 m02 m50");
    to_mouse(&isa, 0xf0); /* remote */
    to_mouse(&isa, 0xeb);
    expect(&isa, "mfa mfa m09 m00 m00 m10");
    for (unsigned i = 0; i < 10000; i++) {
        input_move(hub, INT32_MAX, INT32_MIN, 1);
        input_sync(hub);
    }
    isa_fixture_cleanup(&isa);
}

static void test_strokes_wait_for_each_other(void)
{
    IsaFixture isa;
    InputHub *hub = setup(&isa);
    uint16_t keys[] = { input_key_by_name("ctrl"), input_key_by_name("0x1e") };
    g_assert_true(input_stroke(hub, keys, 2, 100));
    g_assert_true(input_stroke(hub, keys + 1, 1, 50));
    expect(&isa, "14 1c");
    fixture_step(&isa.f, 100ll * MS);
    expect(&isa, "f0 1c f0 14");
    fixture_step(&isa.f, 100ll * MS);
    expect(&isa, "1c f0 1c");
    g_assert_cmpuint(input_key_by_name("nokey"), ==, 0);
    g_assert_cmpstr(input_key_name(28), ==, "ret");
    isa_fixture_cleanup(&isa);
}

static void test_hostile_values(void)
{
    IsaFixture isa;
    setup(&isa);
    for (unsigned command = 0; command < 0x100; command++) {
        for (unsigned value = 0; value < 0x100; value++) {
            isa_out(&isa, COMMAND, command);
            isa_out(&isa, DATA, value);
            to_mouse(&isa, value);
        }
        isa_in(&isa, DATA);
    }
    isa_hostile(&isa, DATA, 1);
    isa_hostile(&isa, COMMAND, 1);
    isa_fixture_cleanup(&isa);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/i8042/commands", test_controller_commands);
    g_test_add_func("/i8042/scancodes", test_keyboard_sets);
    g_test_add_func("/i8042/keyboard", test_keyboard_commands);
    g_test_add_func("/i8042/mouse", test_mouse);
    g_test_add_func("/i8042/strokes", test_strokes_wait_for_each_other);
    g_test_add_func("/i8042/hostile", test_hostile_values);
    return g_test_run();
}
