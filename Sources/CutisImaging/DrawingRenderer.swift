import CVips
public import CutisCore
public import Foundation

/// Turns drawings that Cutis made itself into pictures.
///
/// Only for SVG text that this program wrote, never for a file or an upload: SVG is a language with references and
/// styles, and its reader (librsvg) is not hardened like the image decoders. The decoders cannot reach it: they call
/// the loader of the format that they found, and SVG is none of `ImageFormat`.
public enum DrawingRenderer {
    /// Draws an SVG text as PNG.
    ///
    /// Texts take the machine's fonts; without any font they stay blank.
    ///
    /// - Parameters:
    ///   - svg: a drawing with plain colours, such as `Chart.svg(.light)`; CSS variables are not understood.
    ///   - scale: pixels per CSS pixel, above 0 and at most 8.
    /// - Throws: `CutisError` with `.invalidArguments` for a scale out of range, and `.computeFailed` where the text is
    ///   no drawing or this machine's libvips was built without SVG.
    public static func png(svg: String, scale: Double = 2) throws(CutisError) -> Data {
        guard scale > 0, scale <= 8 else {
            throw CutisError(
                .invalidArguments, "A drawing cannot be scaled by \(scale).",
                remedy: "Choose a scale above 0 and at most 8.")
        }
        try VipsDecoder.start()
        let message = MessageBuffer()
        var memory: UnsafeMutableRawPointer?
        var length = 0
        let text = Data(svg.utf8)
        let status = text.withUnsafeBytes { bytes -> Int32 in
            guard let base = bytes.baseAddress else { return -1 }
            return cvips_draw_svg(
                base, bytes.count, scale, &memory, &length, message.text, message.capacity)
        }
        guard status == 0, let memory else {
            throw CutisError(
                .computeFailed, "The drawing cannot be turned into a picture: \(message.reason).",
                remedy: "Use the SVG as it is, or install a libvips with SVG (`vips -l | grep svgload` shows it).")
        }
        defer { cvips_free(memory) }
        return Data(bytes: memory, count: length)
    }
}
