/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest that writes anything to fw_cfg. Random addresses of its DMA requests hit RAM now and then, where they find
 * code instead of a request, with lengths up to 4 GiB; the emulator takes none of them for longer than it should.
 * expect s11 = 0
 */
#define RANGES .dword 0x10100000, 0x18
#include "hostile_devices.S"
