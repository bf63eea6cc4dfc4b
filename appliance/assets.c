/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are part of the program, put in by the assembler, byte for byte and with a zero byte
 * behind. The Makefile makes this file depend on them.
 */
#include "assets.h"

/* clang-format off */
#define EMBED(name, path)                     \
    __asm__(".pushsection .rodata\n"          \
            ".global " #name ", " #name "_end\n" \
            #name ":\n.incbin \"" path "\"\n" \
            #name "_end:\n.byte 0\n"          \
            ".popsection\n")
/* clang-format on */

EMBED(report_css, "appliance/report/report.css");
EMBED(report_js, "appliance/report/report.js");
EMBED(demo_inventory, "appliance/demo/inventory.json");
EMBED(demo_catalog, "appliance/demo/catalog.json");
EMBED(demo_policy, "appliance/demo/policy");
