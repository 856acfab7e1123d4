// The loop of canon/squeeze.hpp for processors of the x86-64 family. Each function may only run where the
// processor has its instructions.
#pragma once

#if defined(__x86_64__)
#define DKIMSIGND_SQUEEZE_X86

#include "canon/squeeze.hpp"

namespace dkim::canon {

bool have_avx2();
Squeezed squeeze_avx2(std::string_view text, std::span<char> out);

// Needs AVX-512 BW and VBMI2.
bool have_avx512();
Squeezed squeeze_avx512(std::string_view text, std::span<char> out);

}  // namespace dkim::canon

#endif
