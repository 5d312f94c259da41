/* The one function that Rust's standard library takes from bcryptprimitives.dll, which Wine 8 lacks. Built and put
   into Wine's folder by `cargo xtask windows --test`; real Windows has its own. */

#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
    return RtlGenRandom(data, (ULONG)length);
}
