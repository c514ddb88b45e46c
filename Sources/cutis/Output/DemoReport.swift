import CutisCore
import CutisInference
import Foundation

/// One self-contained HTML page about one image: picture, overlay, classes, what to do, what the model is.
struct DemoReport {
    let answer: Classification
    let manifest: BundleManifest
    let origin: String?
    let method: ExplanationMethod
    let picture: Data
    let overlay: Data

    /// The page; everything is inline, so that it can be sent as one file.
    var html: String {
        let primary = answer.classes.first
        let name = URL(fileURLWithPath: answer.image).lastPathComponent
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>Cutis report: \(escape(name))</title>
            <style>\(Self.style)</style>
            </head>
            <body>
            <header>
            <p class="brand">Cutis</p>
            <p class="status">Preliminary: not signed by a clinician</p>
            </header>
            <main>
            <h1>\(escape(primary?.label.label ?? "No answer"))
            <small>Probability \(percent(primary?.probability ?? 0)) by this model</small></h1>
            <p class="advice">\(escape(answer.recommendation))</p>
            <div class="pictures">
            <figure><img alt="The analysed image" src="data:image/png;base64,\(picture.base64EncodedString())">
            <figcaption>\(escape(name))\(origin.map { " (\(escape($0)))" } ?? "")</figcaption></figure>
            <figure><img alt="Where the model looked" src="data:image/png;base64,\(overlay.base64EncodedString())">
            <figcaption>Where the model looked (\(Self.methodName(method)))</figcaption></figure>
            </div>
            <h2>All classes</h2>
            <table>
            <thead><tr><th scope="col">Diagnosis</th><th scope="col">Code</th><th scope="col" class="number">Probability</th>
            <th scope="col" aria-hidden="true"></th></tr></thead>
            <tbody>
            \(answer.classes.map(row).joined(separator: "\n"))
            </tbody>
            </table>
            <h2>About this answer</h2>
            <dl>
            <dt>Model</dt><dd>\(escape(answer.model.id)) \(escape(answer.model.version))</dd>
            <dt>Time</dt><dd>\(String(format: "%.0f", answer.latencyMilliseconds)) ms</dd>
            <dt>Intended use</dt><dd>\(escape(manifest.intendedUse))</dd>
            <dt>Training data</dt><dd>\(escape(manifest.trainingData))</dd>
            <dt>Licence of the weights</dt><dd>\(escape(manifest.licence))</dd>
            </dl>
            </main>
            </body>
            </html>

            """
    }

    private func row(_ item: ClassProbability) -> String {
        let threshold = manifest.thresholds[item.label.id]
        let flagged = threshold.map { item.probability >= $0 } ?? false
        let width = String(format: "%.1f", item.probability * 100)
        let note = flagged ? " <strong class=\"flag\">above its threshold of \(percent(threshold ?? 0))</strong>" : ""
        return
            "<tr><th scope=\"row\">\(escape(item.label.label))\(note)</th><td class=\"code\">\(escape(item.label.code ?? "–"))</td>"
            + "<td class=\"number\">\(percent(item.probability))</td>"
            + "<td class=\"bar\"><span style=\"width:\(width)%\"></span></td></tr>"
    }

    private func percent(_ value: Double) -> String { String(format: "%.1f&nbsp;%%", value * 100) }

    private func escape(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
            .replacingOccurrences(of: ">", with: "&gt;").replacingOccurrences(of: "\"", with: "&quot;")
    }

    private static func methodName(_ method: ExplanationMethod) -> String {
        switch method {
        case .lastBlock: "attention of the last block"
        case .rollout: "attention rollout"
        case .gradCAM: "Grad-CAM"
        }
    }

    private static let style = """
        :root{color-scheme:light dark;--ink:#1c2227;--soft:#56626b;--paper:#fff;--line:#d9dfe3;--accent:#0b6e75;\
        --warn:#9a3412}
        @media(prefers-color-scheme:dark){:root{--ink:#e8edf0;--soft:#a3b0b8;--paper:#14191d;--line:#333d44;\
        --accent:#4fc3cb;--warn:#fdba74}}
        body{margin:0 auto;max-width:52rem;padding:1.25rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);\
        background:var(--paper)}
        header{display:flex;gap:1rem;justify-content:space-between;border-bottom:1px solid var(--line)}
        header p{margin:.4rem 0}.brand{font-weight:700;color:var(--accent)}.status{color:var(--warn);font-weight:600}
        h1{margin:1.2rem 0 .2rem;font-size:1.7rem}h1 small{display:block;font-size:1rem;font-weight:400;\
        color:var(--soft)}h2{margin:1.6rem 0 .4rem;font-size:1.1rem}
        .advice{padding:.7rem .9rem;border-left:4px solid var(--accent);background:color-mix(in srgb,var(--accent) 9%,\
        transparent)}
        .pictures{display:grid;grid-template-columns:repeat(auto-fit,minmax(15rem,1fr));gap:1rem}
        figure{margin:0}img{width:100%;border-radius:6px}figcaption{font-size:.85rem;color:var(--soft);\
        overflow-wrap:anywhere}
        table{width:100%;border-collapse:collapse}th,td{text-align:left;padding:.35rem .5rem;\
        border-bottom:1px solid var(--line);font-weight:400}thead th{font-size:.85rem;color:var(--soft)}
        .number{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.bar{width:30%}
        .bar span{display:block;height:.7rem;border-radius:3px;background:var(--accent)}.flag{color:var(--warn)}
        dt{color:var(--soft);font-size:.85rem}dd{margin:0 0 .6rem}
        .code{white-space:nowrap}
        @media(max-width:36rem){.bar,thead th:last-child{display:none}}
        @media print{body{max-width:none}.pictures{grid-template-columns:1fr 1fr}}
        """
}
