"""Asking the processor for memory before it is needed, which Numba has no word for."""

from __future__ import annotations

from typing import Any

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_llvm: Any = intrinsic
LINE = 16
"""float32 numbers that come with one request (a cache line of 64 bytes)."""


@_llvm
def prefetch(typing_context: Any, array: Any, row: Any, column: Any) -> Any:
    """Ask for array[row, column] and what shares its cache line, to be read soon; `array` is float32 and contiguous."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        view = cgutils.create_struct_proxy(signature.args[0])(context, builder, args[0])
        down, across = (context.cast(builder, args[i], signature.args[i], types.intp) for i in (1, 2))
        width = cgutils.unpack_tuple(builder, view.shape)[1]
        address = builder.gep(view.data, [builder.add(builder.mul(down, width), across)])
        byte, word = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        # To read, to stay in every cache, data.
        builder.call(function, [builder.bitcast(address, byte), word(0), word(3), word(1)])
        return context.get_dummy_value()

    return types.void(array, row, column), codegen
