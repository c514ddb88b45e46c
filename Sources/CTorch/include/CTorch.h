// CTorch: the C face of LibTorch. Start with ct_base.h, which holds the contract of all functions.
#ifndef CTORCH_H
#define CTORCH_H

#include "ct_base.h"
#include "ct_arena.h"
#include "ct_autocast.h"
#include "ct_cuda.h"
#include "ct_grad.h"
#include "ct_image.h"
#include "ct_loss.h"
#include "ct_nn.h"
#include "ct_packed.h"
#include "ct_pointwise.h"
#include "ct_reduce.h"
#include "ct_runtime.h"
#include "ct_tensor.h"
#include "ct_update.h"
#include "ct_view.h"

#endif
