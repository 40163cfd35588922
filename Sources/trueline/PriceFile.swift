import Enrichment
import Foundation

/// What tokens cost, as a JSON file says: `{"currency":"USD","models":{"gpt-4o-mini":{"input":0.15,"output":0.6}}}`, in money a
/// million tokens. A name that ends in `*` stands for every model whose name begins so.
enum PriceFile {
    private struct Document: Decodable {
        struct Price: Decodable {
            var input: Double
            var output: Double
        }

        var currency: String?
        var models: [String: Price]
    }

    /// Reads a file; throws what is wrong with it, in words.
    static func read(_ path: String) throws -> PriceTable {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Settings.Failure(description: "the price file \(path) cannot be read")
        }
        let document: Document
        do {
            document = try JSONDecoder().decode(Document.self, from: data)
        } catch {
            throw Settings.Failure(
                description:
                    "the price file \(path) is not like {\"currency\":\"USD\",\"models\":{\"NAME\":{\"input\":0.15,\"output\":0.6}}}: \(error)"
            )
        }
        var prices: [String: PriceTable.Price] = [:]
        for (model, price) in document.models {
            guard (0...1_000_000).contains(price.input), (0...1_000_000).contains(price.output) else {
                throw Settings.Failure(
                    description: "\(path): the prices of \(model) are not from 0 to 1000000 a million tokens")
            }
            // A millionth of the currency a token for each unit of money a million tokens: in billionths, a thousand times that.
            prices[model] = .init(
                input: UInt64((price.input * 1_000).rounded()), output: UInt64((price.output * 1_000).rounded()))
        }
        let currency = document.currency ?? "USD"
        guard (1...8).contains(currency.count), currency.allSatisfy({ $0.isASCII && $0.isLetter }) else {
            throw Settings.Failure(description: "\(path): \"\(currency)\" is not the short name of a currency")
        }
        return PriceTable(prices: prices, currency: currency)
    }
}
