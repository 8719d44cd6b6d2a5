// Which BLAS computes here, and with which of its kernels. No libtorch header is needed to use this one.
#pragma once

#include <string>

namespace ridgeline {

/// The file that products of matrices really come from: a slow one is found nowhere else.
std::string blas_file();

/// What OpenBLAS calls the kernels that it computes with, such as "SkylakeX"; empty for another library.
std::string blas_kernels();

/// What OpenBLAS would have taken had restart_with_fitting_kernels() not started this program anew; empty otherwise.
std::string blas_kernels_alone();

/// OpenBLAS takes kernels for a Prescott (SSE3) on processors that are younger than itself, which makes products up
/// to seven times slower. Where it did so although the processor has AVX2, and the user has not chosen, this starts
/// the program anew with OPENBLAS_CORETYPE set to what fits; it returns where there is nothing to do. To be called
/// before anything else.
void restart_with_fitting_kernels(char** words);

}  // namespace ridgeline
