/// Debian's libzip (libzip-dev), imported by CutisFormats alone.
#pragma once

#include <zip.h>
