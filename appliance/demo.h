/* SPDX-License-Identifier: Apache-2.0
 *
 * The demo estate: a saved inventory and a saved catalog inside the program.
 */
#ifndef DEMO_H
#define DEMO_H

#include "estate.h"

bool demo_read(Estate *ret_estate, GError **error);

#endif
