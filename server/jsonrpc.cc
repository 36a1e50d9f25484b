#include "server/jsonrpc.h"
