/* SPDX-License-Identifier: Apache-2.0
 *
 * Files that are part of the program. Each ends where its ..._end begins, with a zero byte there.
 */
#ifndef ASSETS_H
#define ASSETS_H

/* appliance/report: style and script of the HTML report */
extern const char report_css[], report_css_end[], report_js[], report_js_end[];

/* appliance/demo: the estate of --demo */
extern const char demo_inventory[], demo_inventory_end[], demo_catalog[], demo_catalog_end[],
    demo_policy[], demo_policy_end[];

#endif
