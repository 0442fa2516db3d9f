/* The directory as a table. Not for users. */
#ifndef SLUICE_DIRECTORY_TABLE_H
#define SLUICE_DIRECTORY_TABLE_H

#include "table.h"

sluice_table sluice_directory_table(const sluice_space *space);

#endif
