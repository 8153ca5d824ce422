namespace LayerImage.Engine.Layers;

/// <summary>Joins CRC-32 values (RFC 1952, 8) of pieces of one stream, as zlib's crc32_combine does.</summary>
internal static class Crc32
{
    private const uint Polynomial = 0xedb88320; // bits reversed: the highest bit is x^0

    /// <summary>The CRC of a stream from those of its beginning and of the rest.</summary>
    /// <param name="first">The CRC of the beginning.</param>
    /// <param name="second">The CRC of the rest.</param>
    /// <param name="secondLength">Bytes of the rest.</param>
    public static uint Combine(uint first, uint second, long secondLength) => Multiply(PowerOfX(secondLength * 8), first) ^ second;

    // x^exponent modulo the polynomial, by squaring.
    private static uint PowerOfX(long exponent)
    {
        uint result = 0x80000000, square = 0x40000000;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0)
            {
                result = Multiply(square, result);
            }
            square = Multiply(square, square);
        }
        return result;
    }

    private static uint Multiply(uint a, uint b)
    {
        uint product = 0;
        for (uint bit = 0x80000000; bit != 0; bit >>= 1)
        {
            if ((a & bit) != 0)
            {
                product ^= b;
            }
            b = (b & 1) != 0 ? (b >> 1) ^ Polynomial : b >> 1;
        }
        return product;
    }
}
