"""Inner products of a few vectors with 64 others, kept in registers: the innermost loop of exact top-k.

Numba cannot be told to keep a tile of sums in registers, so this one loop is written in LLVM's vector language, which
Numba compiles for whatever machine it runs on. Each sum runs over the factors in their order, one product after the
other, so a pair's score never depends on what it was computed together with.
"""

from __future__ import annotations

from typing import Any

from llvmlite import binding, ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

_llvm: Any = intrinsic
WIDTH = 64
"""Vectors in a block."""
LANES = 16
"""Numbers in an LLVM vector; smaller machines take it in halves or quarters."""

_FLOAT = ir.FloatType()
_VECTOR = ir.VectorType(_FLOAT, LANES)
_MASK = ir.IntType(WIDTH)


def _sweeps() -> int:
    """Return in how many sweeps a block is taken: 4 × 4 wide sums fit 32 wide registers, others take 4 × 1."""
    return 1 if binding.get_host_cpu_features().get("avx512f", False) else WIDTH // LANES


def _splat(builder: Any, value: Any) -> Any:
    lane = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), value, ir.IntType(32)(0))
    return builder.shuffle_vector(lane, lane, ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES))


def _float_at(builder: Any, base: Any, index: Any, kind: Any = _FLOAT) -> Any:
    pointer = builder.gep(builder.inttoptr(base, _FLOAT.as_pointer()), [index])
    return builder.bitcast(pointer, kind.as_pointer())


def _emit(builder: Any, vectors: list[Any], block: Any, factors: Any, floors: list[Any], out: Any) -> list[Any]:
    """Emit the sums, their stores and the comparison with each vector's floor; return a bit mask for each vector."""
    word = factors.type
    signature = ir.FunctionType(_VECTOR, [_VECTOR] * 3)
    add = cgutils.get_or_insert_function(builder.module, signature, f"llvm.fmuladd.v{LANES}f32")
    masks = [_MASK(0)] * len(vectors)
    wide = WIDTH // LANES // _sweeps()
    for sweep in range(_sweeps()):
        sums = [[cgutils.alloca_once(builder, _VECTOR) for _ in range(wide)] for _ in vectors]
        for row in sums:
            for place in row:
                builder.store(ir.Constant(_VECTOR, [0.0] * LANES), place)
        with cgutils.for_range(builder, factors) as loop:
            start = builder.add(builder.mul(loop.index, word(WIDTH)), word(sweep * wide * LANES))
            loaded = [
                builder.load(_float_at(builder, block, builder.add(start, word(part * LANES)), _VECTOR), align=4)
                for part in range(wide)
            ]
            for row, base in zip(sums, vectors, strict=True):
                value = _splat(builder, builder.load(_float_at(builder, base, loop.index)))
                for place, part in zip(row, loaded, strict=True):
                    builder.store(builder.call(add, [value, part, builder.load(place)]), place)
        for number, (row, floor) in enumerate(zip(sums, floors, strict=True)):
            for part, place in enumerate(row):
                at = (sweep * wide + part) * LANES
                total = builder.load(place)
                builder.store(total, _float_at(builder, out, word(number * WIDTH + at), _VECTOR), align=4)
                above = builder.bitcast(builder.fcmp_ordered(">=", total, _splat(builder, floor)), ir.IntType(LANES))
                masks[number] = builder.or_(masks[number], builder.shl(builder.zext(above, _MASK), _MASK(at)))
    return masks


@_llvm
def products_of_four(
    typing_context: Any, a: Any, b: Any, c: Any, d: Any, block: Any, factors: Any,
    floor_a: Any, floor_b: Any, floor_c: Any, floor_d: Any, out: Any,
) -> Any:  # fmt: skip
    """Multiply four vectors with a block.

    Parameters
    ----------
    a, b, c, d
        Addresses of the vectors, float32 (factors).
    block
        Address of the block, float32 (factors × 64).
    factors
        Length of the vectors.
    floor_a, floor_b, floor_c, floor_d
        float32; scores at or above them are marked.
    out
        Address of the scores, float32 (4 × 64).

    Returns
    -------
    tuple of uint64
        For each vector, bit j is set where its score with the j-th of the block is at or above its floor.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        masks = _emit(builder, list(args[:4]), args[4], args[5], list(args[6:10]), args[10])
        return context.make_tuple(builder, signature.return_type, masks)

    word, number = types.intp, types.float32
    return types.UniTuple(types.uint64, 4)(*[word] * 6, *[number] * 4, word), codegen


@_llvm
def products_of_one(typing_context: Any, a: Any, block: Any, factors: Any, floor: Any, out: Any) -> Any:
    """Multiply one vector with a block; parameters as for `products_of_four`; returns one mask."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return _emit(builder, [args[0]], args[1], args[2], [args[3]], args[4])[0]

    word = types.intp
    return types.uint64(word, word, word, types.float32, word), codegen


@_llvm
def lowest_bit(typing_context: Any, mask: Any) -> Any:
    """Return the place of the lowest bit that is set in a uint64 other than 0."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.IntType(1)(1))

    return types.int64(types.uint64), codegen
