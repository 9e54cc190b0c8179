import Glibc

/// Small pieces of a page.
enum HTML {
    /// Text that cannot become markup.
    static func escape(_ text: String) -> String {
        var result = ""
        for character in text {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            default: result.append(character)
            }
        }
        return result
    }

    /// A coordinate, to a tenth.
    static func point(_ value: Double) -> String { Quantity.fixed(value, 1) }

    static func table(_ head: [String], _ rows: [[String]]) -> String {
        let heads = head.map { "<th>\(escape($0))</th>" }.joined()
        let lines = rows.map { row in
            "<tr>" + row.map { "<td>\(escape($0))</td>" }.joined() + "</tr>"
        }
        return
            "<div class=\"wide\"><table><thead><tr>\(heads)</tr></thead><tbody>\(lines.joined())</tbody></table></div>"
    }

    /// The page's one style sheet: no outside asset, light and dark by the reader's preference.
    static let style = """
        :root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--text:#1c2024;--soft:#60666d;--line:#e3e5e8;--a:#0b6bcb;--b:#b4540a;--c:#7a3fb0;--bad:#c62828;--good:#1b7f3b}
        @media(prefers-color-scheme:dark){:root{--bg:#14171a;--card:#1c2024;--text:#e8eaed;--soft:#9aa2ab;--line:#343a41;--a:#6cb2ff;--b:#ffab5e;--c:#c79bff;--bad:#ff7a72;--good:#6fd08c}}
        *{box-sizing:border-box}body{margin:0;background:var(--bg);color:var(--text);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:960px;margin:0 auto;padding:28px 20px 60px}h1{font-size:22px;margin:0 0 2px;overflow-wrap:anywhere}h2{font-size:17px;margin:34px 0 10px}
        .sub{color:var(--soft);margin:0 0 18px;overflow-wrap:anywhere}.cards{display:grid;grid-template-columns:repeat(auto-fit,minmax(150px,1fr));gap:12px;margin:16px 0}
        .card{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 14px}.card b{display:block;font-size:22px;font-variant-numeric:tabular-nums}.card span{color:var(--soft);font-size:13px}
        .verdict{border-radius:10px;padding:12px 16px;margin:14px 0;border:1px solid var(--line);border-left:5px solid var(--good);background:var(--card)}.verdict.bad{border-left-color:var(--bad)}
        figure{margin:14px 0;background:var(--card);border:1px solid var(--line);border-radius:10px;padding:14px}figcaption{display:flex;flex-wrap:wrap;gap:4px 16px;align-items:baseline;margin-bottom:6px}
        svg{width:100%;height:auto;display:block;font:12px system-ui,"DejaVu Sans",sans-serif}svg text{fill:var(--soft)}svg text.mark{fill:var(--bad)}.grid{stroke:var(--line)}line.mark{stroke:var(--bad);stroke-dasharray:4 3}
        polyline{fill:none;stroke-width:2;stroke-linejoin:round}polyline.a{stroke:var(--a)}polyline.b{stroke:var(--b)}polyline.c{stroke:var(--c)}polyline.good{stroke:var(--good)}polyline.bad{stroke:var(--bad)}polyline.soft{stroke:var(--soft);stroke-dasharray:6 4}
        circle.a{fill:var(--a)}circle.b{fill:var(--b)}circle.bad{fill:var(--bad)}
        .key{font-size:13px;color:var(--soft)}.key:before{content:"";display:inline-block;width:14px;height:3px;border-radius:2px;margin-right:6px;vertical-align:middle;background:currentColor}
        .key.a:before{background:var(--a)}.key.b:before{background:var(--b)}.key.c:before{background:var(--c)}.key.good:before{background:var(--good)}.key.bad:before{background:var(--bad)}.key.soft:before{background:var(--soft)}
        .note{color:var(--soft);font-size:13px;margin:8px 0 0}.wide{overflow-x:auto}table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;background:var(--card)}
        th,td{padding:6px 10px;text-align:right;white-space:nowrap;border-bottom:1px solid var(--line)}th:first-child,td:first-child{text-align:left;white-space:normal;overflow-wrap:anywhere}th{color:var(--soft);font-weight:500;font-size:13px}
        footer{color:var(--soft);font-size:13px;margin-top:34px;overflow-wrap:anywhere}
        """

    /// A moment as `2026-11-23 09:15:04 UTC`.
    static func moment(_ secondsSince1970: Double) -> String {
        var time = time_t(secondsSince1970)
        var parts = tm()
        gmtime_r(&time, &parts)
        func two(_ value: CInt) -> String { (value < 10 ? "0" : "") + String(value) }
        return "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday)) "
            + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec)) UTC"
    }
}
